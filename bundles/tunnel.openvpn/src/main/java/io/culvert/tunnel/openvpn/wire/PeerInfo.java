package io.culvert.tunnel.openvpn.wire;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a client says of itself in its key-method-2 message: lines {@code NAME=value}. Names and values are the peer's
 * own words and never trusted.
 *
 * <p>Kept as text: a session lives long and is seldom asked.
 *
 * @param encoded a line for each variable, names unique, each line ended
 */
public record PeerInfo(String encoded) {
    /** Of a client that said nothing. */
    public static final PeerInfo NONE = new PeerInfo("");

    /** Bits of IV_PROTO. */
    public static final int DATA_V2 = 1 << 1;
    public static final int REQUEST_PUSH = 1 << 2;
    public static final int TLS_KEY_EXPORT = 1 << 3;
    public static final int AUTH_PENDING_KEYWORDS = 1 << 4;
    public static final int DNS_OPTION = 1 << 6;
    public static final int CC_EXIT_NOTIFY = 1 << 7;
    public static final int DYN_TLS_CRYPT = 1 << 9;
    public static final int DNS_OPTION_V2 = 1 << 11;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]{1,64}");
    private static final int MAX_VARIABLES = 64;

    /** Lines that are no assignment are left out, characters that could deceive a reader become '_'. */
    public static PeerInfo parse(String text) {
        var variables = new LinkedHashMap<String, String>();
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0
                    && variables.size() < MAX_VARIABLES
                    && NAME.matcher(line.substring(0, equals)).matches()) {
                variables.put(line.substring(0, equals), printable(line.substring(equals + 1)));
            }
        }
        var encoded = new StringBuilder();
        variables.forEach((name, value) -> encoded.append(name).append('=').append(value).append('\n'));
        return new PeerInfo(encoded.toString());
    }

    /** Names and values, in the client's order. */
    public Map<String, String> variables() {
        var variables = new LinkedHashMap<String, String>();
        for (String line : encoded.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                variables.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return Collections.unmodifiableMap(variables);
    }

    /** Whether the client's user can be asked in this way while the client waits: {@code crtext}, {@code webauth}. */
    public boolean signsOnBy(String way) {
        return List.of(variables().getOrDefault("IV_SSO", "").split(",")).contains(way);
    }

    /** IV_PROTO, or 0 when it is absent or no number. */
    public int protocolBits() {
        try {
            return Integer.parseInt(variables().getOrDefault("IV_PROTO", "0"));
        } catch (NumberFormatException _) {
            return 0;
        }
    }

    public boolean has(int protocolBit) {
        return (protocolBits() & protocolBit) != 0;
    }

    /** Ciphers that the client takes, as it names them; IV_NCP=2 stands for the two GCM ciphers. */
    public List<String> ciphers() {
        Map<String, String> variables = variables();
        String listed = variables.get("IV_CIPHERS");
        if (listed != null) {
            return List.of(listed.split(":"));
        }
        return "2".equals(variables.get("IV_NCP")) ? List.of("AES-256-GCM", "AES-128-GCM") : List.of();
    }

    /** Whether the client says {@code name=1}. */
    public boolean says(String name) {
        return "1".equals(variables().get(name));
    }

    /** Whether the client reads a pushed MTU. */
    public boolean takesMtu() {
        return variables().containsKey("IV_MTU");
    }

    /** Program and platform, for the operator's eyes. */
    public String client() {
        Map<String, String> variables = variables();
        String version = variables.getOrDefault("IV_GUI_VER", "OpenVPN " + variables.getOrDefault("IV_VER", "?"));
        String platform = variables.get("IV_PLAT");
        return platform == null ? version : version + " on " + platform;
    }

    private static String printable(String value) {
        var clean = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            clean.append(deceives(c) ? '_' : c);
        }
        return clean.toString();
    }

    /** Controls, what turns or hides text on a terminal, and what a shell would run. */
    private static boolean deceives(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> c == '$' || c == '`';
        };
    }
}
