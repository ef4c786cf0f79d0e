package io.culvert.tunnel.openvpn;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** One listener, as the operator writes it. */
@ObjectClassDefinition(name = "OpenVPN listener", description = "A port on which stock OpenVPN clients connect")
public @interface OpenVpnSettings {
    @AttributeDefinition(
            description = "udp or tcp",
            options = {@Option(value = "udp"), @Option(value = "tcp")})
    String transport() default "udp";

    @AttributeDefinition(
            description = "what clients carry: tun for IP packets; tap for Ethernet frames, which net.ethernet bridges to each"
                    + " other and to the appliance's TAP (core.tap)",
            options = {@Option(value = "tun"), @Option(value = "tap")})
    String dev() default "tun";

    @AttributeDefinition(description = "local address to listen on, :: for all of IPv4 and IPv6")
    String address() default "::";

    @AttributeDefinition(description = "port, 1 to 65535", min = "1", max = "65535")
    int port() default 1194;

    @AttributeDefinition(
            description = "what protects the control channel before TLS does",
            options = {
                @Option(value = "plain"),
                @Option(value = "tls-auth"),
                @Option(value = "tls-crypt"),
                @Option(value = "tls-crypt-v2")
            })
    String wrap() default "tls-crypt-v2";

    @AttributeDefinition(
            description = "what a client must show",
            options = {
                @Option(value = "certificate"),
                @Option(value = "password"),
                @Option(value = "certificate-and-password"),
                @Option(value = "certificate-or-password")
            })
    String login() default "certificate";

    @AttributeDefinition(
            required = false,
            description = "data ciphers in order of preference; empty for AES-256-GCM, AES-128-GCM, CHACHA20-POLY1305")
    String[] dataCiphers() default {};

    @AttributeDefinition(
            description = "compression of payloads, which tells of their content by their length: refuse; stub for clients"
                    + " that insist on its framing; receive what clients compress; both",
            options = {
                @Option(value = "refuse"),
                @Option(value = "stub"),
                @Option(value = "receive"),
                @Option(value = "both")
            })
    String compression() default "refuse";

    @AttributeDefinition(
            description = "HMAC digest of tls-auth",
            options = {
                @Option(value = "SHA1"),
                @Option(value = "SHA256"),
                @Option(value = "SHA384"),
                @Option(value = "SHA512")
            })
    String authDigest() default "SHA256";

    @AttributeDefinition(
            description = "lowest TLS version",
            options = {@Option(value = "1.2"), @Option(value = "1.3")})
    String tlsMinVersion() default "1.2";

    @AttributeDefinition(
            description = "highest TLS version",
            options = {@Option(value = "1.2"), @Option(value = "1.3")})
    String tlsMaxVersion() default "1.3";

    @AttributeDefinition(
            required = false,
            description = "TLS suites by IANA name in order of preference; empty for AEAD with forward secrecy")
    String[] tlsSuites() default {};

    @AttributeDefinition(
            required = false,
            description = "key-exchange groups by IANA name in order of preference, as X25519MLKEM768, x25519, secp256r1;"
                    + " a TLS provider passes over those that it lacks; with TLS 1.2 the certificate's curve, secp256r1, must be"
                    + " among them; empty for the provider's own choice")
    String[] tlsGroups() default {};

    @AttributeDefinition(description = "seconds for one negotiation, 5 to 600", min = "5", max = "600")
    int handshakeSeconds() default 60;

    @AttributeDefinition(description = "seconds between renegotiations, 0 for never", min = "0", max = "604800")
    int renegotiateSeconds() default 3600;

    @AttributeDefinition(description = "bytes under one key, both directions, 0 for no limit", min = "0")
    long renegotiateBytes() default 0;

    @AttributeDefinition(description = "packets under one key, both directions, 0 for no limit", min = "0")
    long renegotiatePackets() default 0;

    @AttributeDefinition(
            description = "seconds of silence after which a client pings, 0 for never; the server pings three times in"
                    + " pingRestartSeconds",
            min = "0",
            max = "3600")
    int pingSeconds() default 10;

    @AttributeDefinition(
            description = "seconds without a sign of life after which a client starts anew, 0 for never; the server waits"
                    + " twice as long",
            min = "0",
            max = "86400")
    int pingRestartSeconds() default 60;

    @AttributeDefinition(required = false, description = "host name or address that profiles tell clients to connect to")
    String remoteHost() default "";

    @AttributeDefinition(
            required = false,
            description = "file with the static key, or the tls-crypt-v2 server key; empty for one that is made and kept in"
                    + " the store")
    String wrapKeyFile() default "";

    @AttributeDefinition(required = false, description = "further options to push to every client, one each")
    String[] push() default {};

    @AttributeDefinition(
            description = "bytes that clients are asked to let wait in their UDP sockets, as far as their system allows;"
                    + " 0 leaves it to them",
            min = "0",
            max = "16777216")
    int clientReceiveBuffer() default 1048576;

    @AttributeDefinition(description = "largest outer packet that a TCP segment should make, 0 for no clamp", min = "0")
    int mssFix() default 1492;

    @AttributeDefinition(
            description = "seconds after a login with a password during which the client need not ask its user again, 0 for"
                    + " always: it is given a token for renegotiations and reconnects",
            min = "0",
            max = "2592000")
    int authTokenSeconds() default 43200;
}
