package io.culvert.tunnel.openvpn.wire;

import java.util.Base64;

/** Text armour around keys: a label between BEGIN and END lines; what is outside is ignored. */
public final class Pem {
    private Pem() {}

    /**
     * What stands between the lines, without white space.
     *
     * @throws IllegalArgumentException naming the label when it is not there
     */
    public static String body(String text, String label) {
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        int from = text.indexOf(begin);
        int to = from < 0 ? -1 : text.indexOf(end, from);
        if (to < 0) {
            throw new IllegalArgumentException("no '" + label + "' between BEGIN and END lines");
        }
        return text.substring(from + begin.length(), to).replaceAll("\\s", "");
    }

    /**
     * The decoded base64 body.
     *
     * @throws IllegalArgumentException naming the label when it is not there or no base64
     */
    public static byte[] decode(String text, String label) {
        try {
            return Base64.getDecoder().decode(body(text, label));
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith("no '") ? e : new IllegalArgumentException("'" + label + "' is no base64", e);
        }
    }

    public static String encode(String label, byte[] content) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
    }
}
