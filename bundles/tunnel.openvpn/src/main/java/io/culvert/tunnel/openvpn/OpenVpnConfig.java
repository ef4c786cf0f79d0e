package io.culvert.tunnel.openvpn;

import io.culvert.api.config.ConfigException;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tunnel.Transport;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.wrap.Digest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One listener's settings, checked.
 *
 * @param instance the configuration's own name
 * @param dataCiphers by OpenVPN's names, in the order of preference
 * @param compression of payloads
 * @param authDigest of tls-auth
 * @param tlsSuites by IANA name, empty for the TLS provider's choice
 * @param tlsGroups by IANA name, empty for the TLS provider's choice
 * @param renegotiateBytes of both directions under one key, 0 for no limit
 * @param renegotiatePackets of both directions under one key, 0 for no limit
 * @param pingSeconds without anything sent after which a client pings, 0 for never; see {@link #serverPingSeconds}
 * @param pingRestartSeconds without anything heard until a client starts anew, the server waits twice as long; 0 for never
 * @param remoteHost that profiles name, empty to be asked for
 * @param push options for every client, as they are typed
 * @param clientReceiveBuffer bytes that clients are asked to let wait in their UDP sockets: what comes in one batch must
 *     not overflow them; 0 to ask nothing
 * @param mssFix the largest outer packet that a TCP segment should make, in bytes; 0 for no clamp
 * @param authTokenSeconds how long a login with a password counts, renegotiations and reconnects included; 0 for once
 * @param dev what clients carry
 */
public record OpenVpnConfig(
        String instance,
        Transport transport,
        InetSocketAddress address,
        Wrap wrap,
        Login login,
        List<String> dataCiphers,
        Compression compression,
        Digest authDigest,
        Version minTls,
        Version maxTls,
        List<String> tlsSuites,
        List<String> tlsGroups,
        int handshakeSeconds,
        int renegotiateSeconds,
        long renegotiateBytes,
        long renegotiatePackets,
        int pingSeconds,
        int pingRestartSeconds,
        String remoteHost,
        String wrapKeyFile,
        List<String> push,
        int clientReceiveBuffer,
        int mssFix,
        int authTokenSeconds,
        Dev dev) {

    static final String PID = "io.culvert.tunnel.openvpn";

    /** What protects the control channel before TLS does. */
    public enum Wrap {
        PLAIN,
        TLS_AUTH,
        TLS_CRYPT,
        TLS_CRYPT_V2
    }

    /** What is inside the tunnels. */
    public enum Dev {
        /** IP packets. */
        TUN,
        /** Ethernet frames. */
        TAP;

        /** As in a client's configuration, and in the options that it tells. */
        public String type() {
            return spelling(this);
        }
    }

    /** What a client must show. */
    public enum Login {
        CERTIFICATE(PeerCertificate.REQUIRED),
        PASSWORD(PeerCertificate.NOT_ASKED),
        CERTIFICATE_AND_PASSWORD(PeerCertificate.REQUIRED),
        CERTIFICATE_OR_PASSWORD(PeerCertificate.OPTIONAL);

        private final PeerCertificate certificate;

        Login(PeerCertificate certificate) {
            this.certificate = certificate;
        }

        public PeerCertificate certificate() {
            return certificate;
        }

        /** Whether a profile should make its user type a password. */
        public boolean asksPassword() {
            return this == PASSWORD || this == CERTIFICATE_AND_PASSWORD;
        }
    }

    /** What may be done about compression of payloads. */
    public enum Compression {
        /** Nothing: clients that insist are refused. */
        REFUSE,
        /** Its framing, for clients that insist; nothing is compressed. */
        STUB,
        /** What clients compress is read. */
        RECEIVE,
        /** As well, what goes to clients is compressed. */
        BOTH;

        public boolean receives() {
            return this == RECEIVE || this == BOTH;
        }

        public boolean sends() {
            return this == BOTH;
        }
    }

    public OpenVpnConfig {
        dataCiphers = List.copyOf(dataCiphers);
        tlsSuites = List.copyOf(tlsSuites);
        tlsGroups = List.copyOf(tlsGroups);
        push = List.copyOf(push);
    }

    /**
     * The settings, checked.
     *
     * @throws ConfigException naming the first attribute that cannot be worked with
     */
    public static OpenVpnConfig of(String instance, OpenVpnSettings settings) {
        range("port", settings.port(), 1, 65535);
        range("handshakeSeconds", settings.handshakeSeconds(), 5, 600);
        range("renegotiateSeconds", settings.renegotiateSeconds(), 0, 7 * 24 * 3600);
        range("renegotiateBytes", settings.renegotiateBytes(), 0, Long.MAX_VALUE);
        range("renegotiatePackets", settings.renegotiatePackets(), 0, Long.MAX_VALUE);
        range("pingSeconds", settings.pingSeconds(), 0, 3600);
        range("pingRestartSeconds", settings.pingRestartSeconds(), 0, 24 * 3600);
        range("clientReceiveBuffer", settings.clientReceiveBuffer(), 0, 16 << 20);
        range("authTokenSeconds", settings.authTokenSeconds(), 0, 30 * 24 * 3600);
        if (settings.mssFix() != 0) {
            range("mssFix", settings.mssFix(), 576, 65535);
        }
        if (settings.pingRestartSeconds() > 0 && settings.pingRestartSeconds() < 2 * settings.pingSeconds()) {
            throw bad("pingRestartSeconds", settings.pingRestartSeconds(), "must be at least twice pingSeconds");
        }
        Version min = version("tlsMinVersion", settings.tlsMinVersion());
        Version max = version("tlsMaxVersion", settings.tlsMaxVersion());
        if (min.compareTo(max) > 0) {
            throw bad("tlsMaxVersion", settings.tlsMaxVersion(), "must not be below tlsMinVersion");
        }
        return new OpenVpnConfig(
                instance,
                choice("transport", settings.transport(), Transport.class),
                address(settings),
                choice("wrap", settings.wrap(), Wrap.class),
                choice("login", settings.login(), Login.class),
                ciphers(settings.dataCiphers()),
                choice("compression", settings.compression(), Compression.class),
                Digest.named(settings.authDigest())
                        .orElseThrow(() ->
                                bad("authDigest", settings.authDigest(), "one of " + Arrays.toString(Digest.values()))),
                min,
                max,
                names("tlsSuites", settings.tlsSuites()),
                names("tlsGroups", settings.tlsGroups()),
                settings.handshakeSeconds(),
                settings.renegotiateSeconds(),
                settings.renegotiateBytes(),
                settings.renegotiatePackets(),
                settings.pingSeconds(),
                settings.pingRestartSeconds(),
                settings.remoteHost(),
                settings.wrapKeyFile(),
                pushed(settings.push()),
                settings.clientReceiveBuffer(),
                settings.mssFix(),
                settings.authTokenSeconds(),
                choice("dev", settings.dev(), Dev.class));
    }

    private static InetSocketAddress address(OpenVpnSettings settings) {
        try {
            return new InetSocketAddress(InetAddress.ofLiteral(settings.address()), settings.port());
        } catch (IllegalArgumentException _) {
            throw bad("address", settings.address(), "an IPv4 or IPv6 address of this host, '::' for all");
        }
    }

    private static List<String> ciphers(String[] names) {
        if (names.length == 0) {
            return Ciphers.DEFAULT;
        }
        for (String name : names) {
            if (Ciphers.named(name).isEmpty()) {
                throw bad("dataCiphers", name, "some of AES-256-GCM, AES-192-GCM, AES-128-GCM, CHACHA20-POLY1305");
            }
        }
        return List.of(names);
    }

    private static List<String> pushed(String[] options) {
        for (String option : options) {
            if (option.isBlank() || option.length() > 255 || option.matches(".*[,\\p{Cntrl}].*")) {
                throw bad("push", option, "one option, below 256 characters, without commas");
            }
        }
        return List.of(options);
    }

    private static List<String> names(String attribute, String[] names) {
        for (String name : names) {
            if (!name.matches("[A-Za-z0-9_]+")) {
                throw bad(attribute, name, "a name of the IANA registry of TLS, of letters, digits and _");
            }
        }
        return List.of(names);
    }

    private static Version version(String attribute, String text) {
        return switch (text) {
            case "1.2" -> Version.TLS_1_2;
            case "1.3" -> Version.TLS_1_3;
            default -> throw bad(attribute, text, "1.2 or 1.3");
        };
    }

    private static <E extends Enum<E>> E choice(String attribute, String text, Class<E> type) {
        for (E value : type.getEnumConstants()) {
            if (spelling(value).equals(text)) {
                return value;
            }
        }
        throw bad(
                attribute,
                text,
                "one of " + String.join(", ", Arrays.stream(type.getEnumConstants()).map(OpenVpnConfig::spelling).toList()));
    }

    /** An enum constant as it is typed: {@code tls-crypt-v2}. */
    static String spelling(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static void range(String attribute, long value, long min, long max) {
        if (value < min || value > max) {
            throw bad(attribute, value, min + " to " + max);
        }
    }

    static ConfigException bad(String attribute, Object value, String accepted) {
        return new ConfigException(PID, attribute, value, accepted);
    }

    /**
     * Seconds without anything sent after which the server pings; 0 for never. The client's own pings keep the way open,
     * so that the server's need only tell the client, three times before it would give up, that somebody is there.
     */
    public int serverPingSeconds() {
        return pingSeconds == 0 ? 0 : Math.max(pingSeconds, pingRestartSeconds / 3);
    }

    /** How long this end waits for a sign of life: twice the client's patience, so that the client acts first. */
    public Optional<Integer> silenceSeconds() {
        return pingRestartSeconds == 0 ? Optional.empty() : Optional.of(2 * pingRestartSeconds);
    }
}
