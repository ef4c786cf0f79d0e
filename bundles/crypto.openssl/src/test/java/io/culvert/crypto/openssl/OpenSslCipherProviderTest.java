package io.culvert.crypto.openssl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.CipherContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpenSslCipherProviderTest extends CipherContract {
    private static final OpenSslCipherProvider PROVIDER = OpenSslCipherProvider.load().orElseThrow();

    @Override
    protected CipherProvider provider() {
        return PROVIDER;
    }

    @Test
    void shouldNameTheLibrary() {
        assertTrue(PROVIDER.version().startsWith("OpenSSL "), PROVIDER.version());
    }

    @ParameterizedTest
    @EnumSource
    void shouldUnderstandTheJdk(DataCipher cipher) {
        var random = new Random(2);
        byte[] bytes = new byte[cipher.keyBytes()];
        random.nextBytes(bytes);
        try (Arena arena = Arena.ofConfined();
                AeadKey ours = PROVIDER.openKey(cipher, bytes, 0);
                AeadKey jdk = new JceCipherProvider().openKey(cipher, bytes, 0)) {
            MemorySegment packet = arena.allocate(9100);
            byte[] clear = new byte[9100];
            random.nextBytes(clear);
            int nonce = 0;
            for (int length : new int[] {0, 1, 15, 16, 17, 31, 33, 63, 64, 255, 256, 257, 1400, 4096, 9000}) {
                for (int shift = 0; shift < 17; shift++) {
                    int head = nonce++;
                    int aad = 4 + shift % 13;
                    int text = shift + aad + DataCipher.TAG_BYTES;
                    AeadKey sealing = head % 2 == 0 ? ours : jdk;
                    AeadKey opening = head % 2 == 0 ? jdk : ours;
                    packet.copyFrom(MemorySegment.ofArray(clear));
                    sealing.seal(packet, head, ~head, shift, aad, text, length, shift + aad);
                    assertTrue(opening.open(packet, head, ~head, shift, aad, text, length, shift + aad));
                    MemorySegment.copy(clear, shift + aad, packet, JAVA_BYTE, shift + aad, DataCipher.TAG_BYTES);
                    assertArrayEquals(clear, packet.toArray(JAVA_BYTE), "length " + length + " shift " + shift);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldAllocateNothingForAPacket(DataCipher cipher) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined();
                AeadKey key = PROVIDER.openKey(cipher, new byte[32], 0)) {
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
        try (AeadKey key = PROVIDER.openKey(DataCipher.AES_128_GCM, new byte[16], 0)) {
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
    void shouldGoOnWithOpenKeysWhenTheProviderHasGone() {
        LibCrypto library = LibCrypto.load().orElseThrow();
        var provider = new OpenSslCipherProvider(library);
        AeadKey key = provider.openKey(DataCipher.AES_256_GCM, new byte[32], 0);
        provider.close();
        provider.close();
        assertTrue(library.loaded());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(64);
            key.seal(packet, 1, 1, 0, 8, 24, 20, 8);
            assertTrue(key.open(packet, 1, 1, 0, 8, 24, 20, 8));
        }
        assertThrows(
                IllegalStateException.class, () -> provider.openKey(DataCipher.AES_256_GCM, new byte[32], 0));
        key.close();
        assertFalse(library.loaded());
    }

    @Test
    void shouldRefuseKeysThatAreTooShort() {
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> PROVIDER.openKey(DataCipher.AES_256_GCM, new byte[32], 1));
    }

    @Test
    void shouldNotHoldTheLibraryForAKeyThatIsNone() {
        LibCrypto library = LibCrypto.load().orElseThrow();
        var provider = new OpenSslCipherProvider(library);
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> provider.openKey(DataCipher.AES_256_GCM, new byte[32], 1));
        provider.close();
        assertFalse(library.loaded());
    }

    @Test
    void shouldOfferNothingWithoutALibrary() {
        assertEquals(Optional.empty(), LibCrypto.load(List.of("libcrypto.so.none")));
        assertEquals(Optional.empty(), LibCrypto.load(List.of("libc.so.6")), "one without the functions");
    }
}
