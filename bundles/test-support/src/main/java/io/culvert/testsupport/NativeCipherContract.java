package io.culvert.testsupport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a provider that gives a packet's address to a native library has to do besides. */
public abstract class NativeCipherContract extends CipherContract {
    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldAllocateNothingForAPacket(DataCipher cipher) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined();
                AeadKey key = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(2048);
            int nonce = 0;
            long allocated = Long.MAX_VALUE;
            // What the compiler has not come to yet may allocate; once it has, nothing does.
            for (int round = 0; round < 20 && allocated != 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 100_000; i++) {
                    key.seal(packet, nonce, i, 0, 8, 24, 64, 8);
                    if (!key.open(packet, nonce, i, 0, 8, 24, 64, 8)) {
                        throw new AssertionError("packet " + i);
                    }
                    if (key.open(packet, nonce, i, 0, 8, 24, 64, 9)) {
                        throw new AssertionError("forged packet " + i);
                    }
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
                nonce++;
            }
            assertEquals(0, allocated);
        }
    }

    @Test
    void shouldRefuseMemoryThatIsGoneOrAnotherThreads() {
        try (AeadKey key = provider().openKey(DataCipher.AES_128_GCM, new byte[16], 0)) {
            MemorySegment gone;
            try (Arena arena = Arena.ofConfined()) {
                gone = arena.allocate(64);
                MemorySegment packet = gone;
                assertThrows(
                        Exception.class,
                        () -> CompletableFuture.runAsync(() -> key.seal(packet, 1, 1, 0, 8, 24, 20, 8)).join());
                assertThrows(
                        IllegalArgumentException.class,
                        () -> key.seal(packet.asReadOnly(), 1, 1, 0, 8, 24, 20, 8));
            }
            assertThrows(IllegalStateException.class, () -> key.seal(gone, 1, 1, 0, 8, 24, 20, 8));
        }
    }

    @Test
    void shouldRefuseKeysThatAreTooShort() {
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> provider().openKey(DataCipher.AES_256_GCM, new byte[32], 1));
    }
}
