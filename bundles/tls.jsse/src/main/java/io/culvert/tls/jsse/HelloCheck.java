package io.culvert.tls.jsse;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;

/**
 * A look at a ClientHello (RFC 8446 section 4.1.2) before the JDK takes it: what is malformed in ways that the JDK bears
 * is refused, so that every provider refuses the same.
 */
final class HelloCheck {
    static final int ILLEGAL_PARAMETER = 47;
    static final int DECODE_ERROR = 50;

    private static final int CLIENT_HELLO = 1;
    private static final int HEADER = 4;
    private static final int RANDOM = 32;
    private static final int MAX_SESSION_ID = 32;
    private static final int MAX_MESSAGE = 32 * 1024;
    private static final int SUPPORTED_VERSIONS = 43;
    private static final int KEY_SHARE = 51;
    private static final int TLS_1_3 = 0x0304;

    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private boolean over;

    /** Whether the hello is known to be good, or what came is none and the JDK's to refuse. */
    boolean over() {
        return over;
    }

    /**
     * Takes the content of a handshake record.
     *
     * @throws RefusedException when the hello is complete and wrong
     */
    void take(ByteBuffer content) throws RefusedException {
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        message.writeBytes(bytes);
        byte[] all = message.toByteArray();
        if (all.length < HEADER) {
            return;
        }
        int length = (all[1] & 0xff) << 16 | (all[2] & 0xff) << 8 | all[3] & 0xff;
        if (all[0] != CLIENT_HELLO || length > MAX_MESSAGE) {
            over = true;
        } else if (all.length >= HEADER + length) {
            over = true;
            message.reset();
            try {
                check(ByteBuffer.wrap(all, HEADER, length).slice());
            } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new RefusedException(DECODE_ERROR, "the ClientHello ends too soon");
            }
        }
    }

    private static void check(ByteBuffer hello) throws RefusedException {
        hello.position(hello.position() + 2 + RANDOM);
        if (vector(hello, hello.get() & 0xff).remaining() > MAX_SESSION_ID) {
            throw new RefusedException(DECODE_ERROR, "the ClientHello has a session id that is too long");
        }
        vector(hello, hello.getShort() & 0xffff);
        ByteBuffer methods = vector(hello, hello.get() & 0xff);
        byte[] compressions = new byte[methods.remaining()];
        methods.get(compressions);
        boolean modern = hello.hasRemaining() && extensions(vector(hello, hello.getShort() & 0xffff));
        if (hello.hasRemaining()) {
            throw new RefusedException(DECODE_ERROR, "the ClientHello goes on after its extensions");
        }
        boolean none = compressions.length == 1 && compressions[0] == 0;
        Arrays.sort(compressions);
        if (!none && (modern || Arrays.binarySearch(compressions, (byte) 0) < 0)) {
            throw new RefusedException(ILLEGAL_PARAMETER, "the ClientHello asks for compression");
        }
    }

    /** Whether they offer TLS 1.3. */
    private static boolean extensions(ByteBuffer extensions) throws RefusedException {
        boolean modern = false;
        var seen = new HashSet<Short>();
        while (extensions.hasRemaining()) {
            short type = extensions.getShort();
            ByteBuffer body = vector(extensions, extensions.getShort() & 0xffff);
            if (!seen.add(type)) {
                throw new RefusedException(
                        ILLEGAL_PARAMETER, "the ClientHello has the extension " + (type & 0xffff) + " twice");
            }
            if (type == KEY_SHARE) {
                keyShares(vector(body, body.getShort() & 0xffff));
            } else if (type == SUPPORTED_VERSIONS) {
                for (ByteBuffer versions = vector(body, body.get() & 0xff); versions.hasRemaining(); ) {
                    modern |= versions.getShort() == TLS_1_3;
                }
            }
        }
        return modern;
    }

    private static void keyShares(ByteBuffer shares) throws RefusedException {
        while (shares.hasRemaining()) {
            int expected = switch (shares.getShort() & 0xffff) {
                case 0x0017 -> 65; // secp256r1
                case 0x0018 -> 97; // secp384r1
                case 0x0019 -> 133; // secp521r1
                case 0x001d -> 32; // x25519
                case 0x001e -> 56; // x448
                default -> -1;
            };
            int length = vector(shares, shares.getShort() & 0xffff).remaining();
            if (expected >= 0 && length != expected) {
                throw new RefusedException(ILLEGAL_PARAMETER, "the ClientHello has a key share of a wrong length");
            }
        }
    }

    private static ByteBuffer vector(ByteBuffer from, int length) {
        ByteBuffer content = from.slice(from.position(), length);
        from.position(from.position() + length);
        return content;
    }
}
