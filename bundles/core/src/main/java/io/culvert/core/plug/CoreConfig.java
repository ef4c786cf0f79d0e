package io.culvert.core.plug;

import io.culvert.api.config.ConfigException;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.network.Prefix;
import io.culvert.core.admission.ChainLink;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@link CoreSettings}, valid by construction.
 *
 * @param workers how many packet loops
 * @param tlsSwapWindowSeconds over which control channels move to another provider of TLS
 */
record CoreConfig(
        Optional<Prefix> ipv4,
        Optional<Prefix> ipv6,
        String tun,
        int mtu,
        boolean forwarding,
        boolean masquerade,
        List<Prefix> routes,
        boolean redirectGateway,
        List<InetAddress> nameServers,
        List<String> searchDomains,
        int maxSessions,
        boolean duplicateLogins,
        boolean clientToClient,
        int workers,
        int tlsSwapWindowSeconds,
        Map<DataCipher, String> ciphers,
        Logins logins,
        Ethernet ethernet) {

    static final String PID = "io.culvert.core";

    /**
     * Who is asked at a login.
     *
     * @param chain empty for the order of ranking
     * @param deadline for one answer
     * @param calls of one authenticator at once
     */
    record Logins(List<ChainLink> chain, Duration deadline, int calls) {}

    /**
     * The bridged network, of tunnels that carry Ethernet frames.
     *
     * @param tap the interface that is made when there is such a tunnel
     * @param bridge that it becomes a port of; empty for none
     * @param ipv4 of clients; the TAP has the first address
     * @param ipv6 of clients; the TAP has the first address
     */
    record Ethernet(String tap, String bridge, Optional<Prefix> ipv4, Optional<Prefix> ipv6) {}

    private static final Pattern INTERFACE = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,15}");
    private static final Pattern DOMAIN = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?");
    private static final int MAX_WORKERS = 64;
    private static final Pattern CIPHER = Pattern.compile("(?:([A-Za-z0-9-]+)=)?([a-z][a-z0-9.-]*)");
    private static final String CIPHER_FORM = "must be a provider's name such as openssl, or CIPHER=NAME, CIPHER being "
            + Arrays.stream(DataCipher.values()).map(CipherChoice::name).collect(Collectors.joining(", "));
    private static final String LINK_FORM = "must be required, requisite, sufficient or optional, a blank, and the name "
            + "of an authenticator, such as: requisite totp";
    private static final int IPV6_MINIMUM_MTU = 1280;

    /**
     * @throws ConfigException naming the setting
     */
    static CoreConfig of(CoreSettings settings) {
        Optional<Prefix> ipv4 = prefix("ipv4", settings.ipv4(), 4, 30);
        Optional<Prefix> ipv6 = prefix("ipv6", settings.ipv6(), 16, 126);
        if (ipv4.isEmpty() && ipv6.isEmpty()) {
            throw new ConfigException(PID, "ipv4", "\"\"", "a network needs an IPv4 or an IPv6 prefix: set ipv4 or ipv6");
        }
        interfaceName("tun", settings.tun());
        within("mtu", settings.mtu(), ipv6.isPresent() ? IPV6_MINIMUM_MTU : 576, 9000);
        within("maxSessions", settings.maxSessions(), 1, 65_533);
        within("workers", settings.workers(), 0, MAX_WORKERS);
        within("tlsSwapWindowSeconds", settings.tlsSwapWindowSeconds(), 0, 3600);
        within("authenticatorSeconds", settings.authenticatorSeconds(), 1, 120);
        within("authenticatorCalls", settings.authenticatorCalls(), 1, 1024);
        return new CoreConfig(
                ipv4,
                ipv6,
                settings.tun(),
                settings.mtu(),
                settings.forwarding(),
                settings.masquerade(),
                each("routes", settings.routes(), "must be prefixes: ADDRESS/LENGTH", Prefix::parse),
                settings.redirectGateway(),
                each("nameServers", settings.nameServers(), "must be IP addresses", InetAddress::ofLiteral),
                each("searchDomains", settings.searchDomains(), "must be domain names", CoreConfig::domain),
                settings.maxSessions(),
                settings.duplicateLogins(),
                settings.clientToClient(),
                settings.workers() > 0
                        ? settings.workers()
                        : Math.min(MAX_WORKERS, Runtime.getRuntime().availableProcessors()),
                settings.tlsSwapWindowSeconds(),
                ciphers(settings.ciphers()),
                new Logins(
                        each("authenticators", settings.authenticators(), LINK_FORM, ChainLink::parse),
                        Duration.ofSeconds(settings.authenticatorSeconds()),
                        settings.authenticatorCalls()),
                ethernet(settings, ipv4, ipv6));
    }

    private static Ethernet ethernet(CoreSettings settings, Optional<Prefix> ipv4, Optional<Prefix> ipv6) {
        interfaceName("tap", settings.tap());
        if (settings.tap().equals(settings.tun())) {
            throw new ConfigException(PID, "tap", settings.tap(), "must be another interface than core.tun");
        }
        if (!settings.tapBridge().isEmpty()) {
            interfaceName("tapBridge", settings.tapBridge());
        }
        var ethernet = new Ethernet(
                settings.tap(),
                settings.tapBridge(),
                prefix("tapIpv4", settings.tapIpv4(), 4, 30),
                prefix("tapIpv6", settings.tapIpv6(), 16, 126));
        apart("tapIpv4", ethernet.ipv4(), ipv4);
        apart("tapIpv6", ethernet.ipv6(), ipv6);
        if (!ethernet.bridge().isEmpty() && (ethernet.ipv4().isPresent() || ethernet.ipv6().isPresent())) {
            throw new ConfigException(PID, "tapBridge", settings.tapBridge(),
                    "goes without tapIpv4 and tapIpv6: clients have their addresses from the network of the bridge");
        }
        return ethernet;
    }

    /** The kernel would send what is for the one network to the other. */
    private static void apart(String attribute, Optional<Prefix> one, Optional<Prefix> other) {
        if (one.isPresent() && other.isPresent()
                && (one.get().contains(other.get().address()) || other.get().contains(one.get().address()))) {
            throw new ConfigException(PID, attribute, one.get(),
                    "must not overlap with " + other.get() + " of the tunnels that carry IP packets");
        }
    }

    private static void interfaceName(String attribute, String name) {
        if (!INTERFACE.matcher(name).matches()) {
            throw new ConfigException(PID, attribute, "\"" + name + "\"",
                    "must be an interface name of 1 to 15 letters, digits, '_', '.' and '-', such as culvert0");
        }
    }

    private static Optional<Prefix> prefix(String attribute, String text, int addressBytes, int longest) {
        if (text.isBlank()) {
            return Optional.empty();
        }
        String family = addressBytes == 4 ? "IPv4" : "IPv6";
        Prefix prefix;
        try {
            prefix = Prefix.parse(text.strip());
        } catch (IllegalArgumentException e) {
            throw new ConfigException(PID, attribute, text, e.getMessage());
        }
        if (prefix.address().getAddress().length != addressBytes) {
            throw new ConfigException(PID, attribute, text, "must be an " + family + " prefix");
        }
        if (prefix.length() > longest) {
            throw new ConfigException(PID, attribute, text, "is too small for peers: a length of at most " + longest);
        }
        return Optional.of(prefix);
    }

    private static void within(String attribute, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ConfigException(PID, attribute, value,
                    least == most ? "must be " + least : "must be " + least + " to " + most);
        }
    }

    private static <T> List<T> each(String attribute, String[] texts, String accepted, Function<String, T> parse) {
        List<T> values = new ArrayList<>();
        for (String text : Arrays.asList(texts)) {
            try {
                values.add(parse.apply(text.strip()));
            } catch (IllegalArgumentException e) {
                throw new ConfigException(PID, attribute, "\"" + text + "\"", accepted);
            }
        }
        return List.copyOf(values);
    }

    /** One for all ciphers is less special than one for a cipher, in whatever order. */
    private static Map<DataCipher, String> ciphers(String[] texts) {
        Map<DataCipher, String> wishes = new EnumMap<>(DataCipher.class);
        Map<DataCipher, String> special = new EnumMap<>(DataCipher.class);
        for (String text : Arrays.asList(texts)) {
            Matcher matcher = CIPHER.matcher(text.strip());
            if (!matcher.matches()) {
                throw new ConfigException(PID, "ciphers", "\"" + text + "\"", CIPHER_FORM);
            }
            String provider = matcher.group(2);
            if (matcher.group(1) == null) {
                Arrays.asList(DataCipher.values()).forEach(each -> wishes.put(each, provider));
            } else {
                special.put(cipher(text, matcher.group(1)), provider);
            }
        }
        wishes.putAll(special);
        return wishes;
    }

    private static DataCipher cipher(String text, String name) {
        for (DataCipher each : DataCipher.values()) {
            if (CipherChoice.name(each).equalsIgnoreCase(name)) {
                return each;
            }
        }
        throw new ConfigException(PID, "ciphers", "\"" + text + "\"", CIPHER_FORM);
    }

    private static String domain(String text) {
        if (!DOMAIN.matcher(text).matches()) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }
}
