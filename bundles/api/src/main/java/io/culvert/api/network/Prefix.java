package io.culvert.api.network;

import java.net.InetAddress;

/**
 * An IP prefix in canonical form: bits behind the prefix length are zero.
 *
 * @param length in bits, 0 to 32 or 0 to 128
 */
public record Prefix(InetAddress address, int length) {
    public Prefix {
        byte[] bytes = address.getAddress();
        if (length < 0 || length > bytes.length * 8) {
            throw new IllegalArgumentException(
                    "prefix length " + length + " of " + address.getHostAddress() + " is not in 0.." + bytes.length * 8);
        }
        for (int bit = length; bit < bytes.length * 8; bit++) {
            if ((bytes[bit >> 3] & 0x80 >> (bit & 7)) != 0) {
                throw new IllegalArgumentException(
                        address.getHostAddress() + "/" + length + " has bits set behind its length");
            }
        }
    }

    /**
     * Parses {@code ADDRESS/LENGTH}; looks nothing up.
     *
     * @throws IllegalArgumentException naming the text when it is no prefix
     */
    public static Prefix parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("'" + text + "' is no prefix: write ADDRESS/LENGTH");
        }
        try {
            return new Prefix(
                    InetAddress.ofLiteral(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no prefix: the length is no number", e);
        }
    }

    /** Whether {@code other}, of the same family, lies in this prefix. */
    public boolean contains(InetAddress other) {
        byte[] mine = address.getAddress();
        byte[] theirs = other.getAddress();
        if (mine.length != theirs.length) {
            return false;
        }
        for (int bit = 0; bit < length; bit++) {
            if (((mine[bit >> 3] ^ theirs[bit >> 3]) & 0x80 >> (bit & 7)) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + length;
    }
}
