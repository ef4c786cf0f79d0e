package io.culvert.core.plug;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code core}. */
@ObjectClassDefinition(name = "Network", description = "The network inside the tunnels, and how its packets reach the world.")
public @interface CoreSettings {
    @AttributeDefinition(
            name = "IPv4 prefix",
            description = "Clients' addresses; the appliance takes the first. Empty for a network without IPv4.")
    String ipv4() default "10.8.0.0/24";

    @AttributeDefinition(
            name = "IPv6 prefix",
            description = "Clients' addresses; the appliance takes the first. Empty for a network without IPv6.")
    String ipv6() default "";

    @AttributeDefinition(name = "TUN", description = "The network interface that is made.")
    String tun() default "culvert0";

    @AttributeDefinition(
            name = "TAP",
            description = "The network interface that is made when a listener has dev: tap, and net.ethernet bridges its "
                    + "clients to.")
    String tap() default "culverttap0";

    @AttributeDefinition(
            name = "TAP bridge",
            description = "A Linux bridge that the TAP becomes a port of, such as br0: its clients are in that network, and "
                    + "have their addresses from there. Empty for a network of the clients and the appliance alone.",
            required = false)
    String tapBridge() default "";

    @AttributeDefinition(
            name = "TAP IPv4 prefix",
            description = "Addresses of clients of listeners with dev: tap; the TAP takes the first. Empty to give none.",
            required = false)
    String tapIpv4() default "";

    @AttributeDefinition(
            name = "TAP IPv6 prefix",
            description = "Addresses of clients of listeners with dev: tap; the TAP takes the first. Empty to give none.",
            required = false)
    String tapIpv6() default "";

    @AttributeDefinition(name = "MTU", description = "Of the tunnels, in bytes.", min = "576", max = "9000")
    int mtu() default 1500;

    @AttributeDefinition(name = "Forwarding", description = "Whether the kernel's IP forwarding is switched on.")
    boolean forwarding() default true;

    @AttributeDefinition(
            name = "Masquerade",
            description = "Whether clients are hidden behind the host's own addresses.")
    boolean masquerade() default true;

    @AttributeDefinition(name = "Routes", description = "Prefixes that clients reach through the tunnel.", required = false)
    String[] routes() default {};

    @AttributeDefinition(
            name = "Redirect gateway",
            description = "Whether clients send everything through the tunnel.")
    boolean redirectGateway() default true;

    @AttributeDefinition(name = "Name servers", description = "Addresses that clients are told to use.", required = false)
    String[] nameServers() default {};

    @AttributeDefinition(
            name = "Search domains",
            description = "Domains that clients complete names with.",
            required = false)
    String[] searchDomains() default {};

    @AttributeDefinition(name = "Sessions", description = "How many may be admitted at once.", min = "1", max = "65533")
    int maxSessions() default 1000;

    @AttributeDefinition(
            name = "Duplicate logins",
            description = "Whether a user may have several sessions with one profile; else the newest replaces the others.")
    boolean duplicateLogins() default false;

    @AttributeDefinition(
            name = "Client to client",
            description = "Whether clients reach each other; else what one sends to another is dropped.")
    boolean clientToClient() default false;

    @AttributeDefinition(
            name = "Ciphers",
            description = "Which provider serves the data channels: a name such as openssl or jce for all ciphers, or "
                    + "CIPHER=NAME such as AES-256-GCM=openssl for one. Without it the one does that costs least, in "
                    + "time and in garbage.",
            required = false)
    String[] ciphers() default {};

    @AttributeDefinition(
            name = "TLS swap window",
            description = "In seconds: over so long the control channels of live sessions move to another TLS provider.",
            min = "0",
            max = "3600")
    int tlsSwapWindowSeconds() default 60;

    @AttributeDefinition(
            name = "Workers",
            description = "Packet loops, each with a thread, a socket and a queue of the TUN; 0 for one per processor core.",
            min = "0",
            max = "64")
    int workers() default 0;

    @AttributeDefinition(
            name = "Authenticators",
            description = "Who is asked at a login with a password, one each: required, requisite, sufficient or optional, "
                    + "and an authenticator's name, such as \"requisite totp\". Without it second factors are asked "
                    + "first, and then the first authenticator that knows the user decides.",
            required = false)
    String[] authenticators() default {};

    @AttributeDefinition(
            name = "Authenticator deadline",
            description = "Seconds in which an authenticator must answer; else the peer is refused.",
            min = "1",
            max = "120")
    int authenticatorSeconds() default 10;

    @AttributeDefinition(
            name = "Authenticator calls",
            description = "How many logins one authenticator checks at once.",
            min = "1",
            max = "1024")
    int authenticatorCalls() default 64;
}
