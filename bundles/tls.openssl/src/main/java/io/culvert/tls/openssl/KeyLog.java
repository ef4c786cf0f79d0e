package io.culvert.tls.openssl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Receives the secrets of a handshake from OpenSSL while it makes them, in the lines of the NSS key log: a label, the
 * client's random value and the secret, both in hex. It is the library's one way to tell them.
 *
 * <p>Whoever may still make handshakes with the callback keeps this object; the collector takes it back after the last.
 */
final class KeyLog {
    private static final int LONGEST_LINE = 512;

    /** The secrets of the handshake that the thread is in. */
    private static final ThreadLocal<Secrets> LISTENING = new ThreadLocal<>();

    /** What an established connection of TLS 1.3 lives on. */
    static final class Secrets {
        byte @Nullable [] client;
        byte @Nullable [] server;
        byte @Nullable [] exporter;

        void zero() {
            zero(client);
            zero(server);
            zero(exporter);
        }

        private static void zero(byte @Nullable [] secret) {
            if (secret != null) {
                Arrays.fill(secret, (byte) 0);
            }
        }
    }

    private final MemorySegment callback;

    KeyLog() {
        try {
            var target = MethodHandles.lookup()
                    .findStatic(KeyLog.class, "onLine", MethodType.methodType(void.class, long.class, long.class));
            callback = Linker.nativeLinker()
                    .upcallStub(target, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG), Arena.ofAuto());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code SSL_CTX_keylog_cb_func}. */
    long address() {
        return callback.address();
    }

    /** The handshake work of this thread until {@link #silence} is that of {@code secrets}. */
    static void listen(Secrets secrets) {
        LISTENING.set(secrets);
    }

    static void silence() {
        LISTENING.remove();
    }

    private static void onLine(long ssl, long line) {
        try {
            Secrets secrets = LISTENING.get();
            if (secrets != null) {
                take(MemorySegment.ofAddress(line).reinterpret(LONGEST_LINE), secrets);
            }
        } catch (Throwable _) {
            // Nothing may leave towards C. A secret that is missing keeps the connection with OpenSSL.
        }
    }

    private static void take(MemorySegment line, Secrets secrets) {
        int labelEnd = next(line, 0, ' ');
        int randomEnd = next(line, labelEnd + 1, ' ');
        int end = next(line, randomEnd + 1, '\0');
        byte[] label = line.asSlice(0, labelEnd).toArray(JAVA_BYTE);
        byte[] secret = new byte[(end - randomEnd - 1) / 2];
        for (int i = 0; i < secret.length; i++) {
            int at = randomEnd + 1 + 2 * i;
            secret[i] = (byte) (digit(line, at) << 4 | digit(line, at + 1));
        }
        switch (new String(label, StandardCharsets.US_ASCII)) {
            case "CLIENT_TRAFFIC_SECRET_0" -> secrets.client = secret;
            case "SERVER_TRAFFIC_SECRET_0" -> secrets.server = secret;
            case "EXPORTER_SECRET" -> secrets.exporter = secret;
            default -> Arrays.fill(secret, (byte) 0);
        }
    }

    private static int next(MemorySegment line, int from, char wanted) {
        int at = from;
        while (line.get(JAVA_BYTE, at) != wanted) {
            at++;
        }
        return at;
    }

    private static int digit(MemorySegment line, int at) {
        return Character.digit(line.get(JAVA_BYTE, at), 16);
    }
}
