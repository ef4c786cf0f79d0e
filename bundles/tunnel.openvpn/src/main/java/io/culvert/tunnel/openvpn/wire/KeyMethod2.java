package io.culvert.tunnel.openvpn.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The key-method-2 message, the first application data of each side in every negotiation.
 *
 * <pre>
 * |0 32|method 8 = 2|pre_master 48 bytes, client only|random1 32 bytes|random2 32 bytes|options|username|password|peer info|
 * </pre>
 *
 * Strings are a 16-bit length that counts a trailing NUL, and the bytes; absent ones have length 0. Old clients end
 * early: trailing strings may be missing.
 *
 * @param preMaster 48 bytes of a client, empty for a server
 * @param password UTF-8, zeroed by its reader; null when the client sent none
 */
public record KeyMethod2(
        byte[] preMaster,
        byte[] random1,
        byte[] random2,
        String options,
        @Nullable String username,
        byte @Nullable [] password,
        String peerInfo) {

    public static final int PRE_MASTER_BYTES = 48;
    public static final int RANDOM_BYTES = 32;
    /** A record of which more is not read, as stock peers do. */
    public static final int MAX_BYTES = 16 * 1024;

    private static final int METHOD = 2;

    /** A client's message; null when it is malformed. */
    public static @Nullable KeyMethod2 parseClient(byte[] message) {
        return parse(message, PRE_MASTER_BYTES);
    }

    /** A server's message; null when it is malformed. */
    public static @Nullable KeyMethod2 parseServer(byte[] message) {
        return parse(message, 0);
    }

    private static @Nullable KeyMethod2 parse(byte[] message, int preMasterBytes) {
        ByteBuffer in = ByteBuffer.wrap(message);
        if (message.length > MAX_BYTES || in.remaining() < 5 + preMasterBytes + 2 * RANDOM_BYTES) {
            return null;
        }
        if (in.getInt() != 0 || (in.get() & 0x0F) != METHOD) {
            return null;
        }
        byte[] preMaster = take(in, preMasterBytes);
        byte[] random1 = take(in, RANDOM_BYTES);
        byte[] random2 = take(in, RANDOM_BYTES);
        byte[] options = string(in);
        byte[] username = string(in);
        byte[] password = string(in);
        byte[] peerInfo = string(in);
        if (options == MALFORMED || username == MALFORMED || password == MALFORMED || peerInfo == MALFORMED) {
            return null;
        }
        String name = text(username);
        if (name == null) {
            return null;
        }
        return new KeyMethod2(
                preMaster,
                random1,
                random2,
                new String(options, StandardCharsets.ISO_8859_1),
                username.length == 0 ? null : name,
                password.length == 0 && username.length == 0 ? null : password,
                new String(peerInfo, StandardCharsets.UTF_8));
    }

    private static final byte[] MALFORMED = new byte[0];
    private static final byte[] ABSENT = new byte[0];

    /** The bytes without their NUL; {@link #ABSENT} at the message's end; {@link #MALFORMED} by identity. */
    private static byte[] string(ByteBuffer in) {
        if (!in.hasRemaining()) {
            return ABSENT;
        }
        if (in.remaining() < 2) {
            return MALFORMED;
        }
        int length = in.getShort() & 0xFFFF;
        if (length == 0) {
            return ABSENT;
        }
        if (length > in.remaining() || in.get(in.position() + length - 1) != 0) {
            return MALFORMED;
        }
        byte[] bytes = take(in, length);
        byte[] trimmed = Arrays.copyOf(bytes, length - 1);
        Arrays.fill(bytes, (byte) 0);
        return trimmed;
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static @Nullable String text(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException _) {
            return null;
        }
    }

    public byte[] encode() {
        byte[] optionBytes = options.getBytes(StandardCharsets.ISO_8859_1);
        byte[] userBytes = username == null ? ABSENT : username.getBytes(StandardCharsets.UTF_8);
        byte[] passwordBytes = password == null ? ABSENT : password;
        byte[] infoBytes = peerInfo.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(5 + preMaster.length + 2 * RANDOM_BYTES + 4 * 3
                + optionBytes.length + userBytes.length + passwordBytes.length + infoBytes.length);
        out.putInt(0).put((byte) METHOD).put(preMaster).put(random1).put(random2);
        put(out, optionBytes, true);
        put(out, userBytes, username != null);
        put(out, passwordBytes, password != null);
        put(out, infoBytes, infoBytes.length > 0);
        byte[] message = Arrays.copyOf(out.array(), out.position());
        Arrays.fill(out.array(), (byte) 0);
        return message;
    }

    private static void put(ByteBuffer out, byte[] string, boolean present) {
        if (present) {
            out.putShort((short) (string.length + 1)).put(string).put((byte) 0);
        } else {
            out.putShort((short) 0);
        }
    }

    /** Overwrites the secrets. */
    public void zero() {
        Arrays.fill(preMaster, (byte) 0);
        Arrays.fill(random1, (byte) 0);
        Arrays.fill(random2, (byte) 0);
        if (password != null) {
            Arrays.fill(password, (byte) 0);
        }
    }

    @Override
    public String toString() {
        return "KeyMethod2[options=" + options + ", username=" + username + ", secrets redacted]";
    }
}
