package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.Pem;
import java.util.Arrays;

/**
 * A client's key file of tls-crypt-v2: its own key Kc, and the same wrapped for the server, WKc.
 *
 * @param wrapped WKc, opaque to the client
 */
public record ClientWrapKey(StaticKey key, byte[] wrapped) {
    private static final String LABEL = "OpenVPN tls-crypt-v2 client key";

    /**
     * A client key file.
     *
     * @throws IllegalArgumentException when the text is none; the message holds nothing of it
     */
    public static ClientWrapKey parse(String text) {
        byte[] bytes = Pem.decode(text, LABEL);
        if (bytes.length <= StaticKey.LENGTH) {
            throw new IllegalArgumentException("a tls-crypt-v2 client key is longer than " + StaticKey.LENGTH + " bytes");
        }
        return new ClientWrapKey(
                new StaticKey(Arrays.copyOf(bytes, StaticKey.LENGTH)),
                Arrays.copyOfRange(bytes, StaticKey.LENGTH, bytes.length));
    }

    public String format() {
        byte[] bytes = Arrays.copyOf(key.bytes(), StaticKey.LENGTH + wrapped.length);
        System.arraycopy(wrapped, 0, bytes, StaticKey.LENGTH, wrapped.length);
        String text = Pem.encode(LABEL, bytes);
        Arrays.fill(bytes, (byte) 0);
        return text;
    }

    @Override
    public String toString() {
        return "ClientWrapKey[redacted]";
    }
}
