package io.culvert.crypto.ipsecmb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.CipherContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class IpsecMbCipherProviderTest extends CipherContract {
    private static final @Nullable IpsecMbCipherProvider PROVIDER =
            IpsecMbCipherProvider.load().orElse(null);

    @BeforeAll
    static void demandTheLibrary() {
        assumeTrue(PROVIDER != null, "libipsec-mb1 is not installed, or this processor is not of its kind");
    }

    @Override
    protected CipherProvider provider() {
        return Objects.requireNonNull(PROVIDER);
    }

    @Override
    protected Set<DataCipher> ciphers() {
        return EnumSet.of(DataCipher.AES_128_GCM, DataCipher.AES_192_GCM, DataCipher.AES_256_GCM);
    }

    @Test
    void shouldNameTheLibraryAndItsArchitecture() {
        String version = provider() instanceof IpsecMbCipherProvider ours ? ours.version() : "";
        assertTrue(version.matches("intel-ipsec-mb \\d+\\.\\d+\\S* with \\w+"), version);
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldUnderstandTheJdk(DataCipher cipher) {
        shouldUnderstandTheJdk(provider(), cipher);
    }

    private static void shouldUnderstandTheJdk(CipherProvider provider, DataCipher cipher) {
        var random = new Random(2);
        byte[] bytes = new byte[cipher.keyBytes()];
        random.nextBytes(bytes);
        try (Arena arena = Arena.ofConfined();
                AeadKey ours = provider.openKey(cipher, bytes, 0);
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
    void shouldGoOnWithOpenKeysWhenTheProviderHasGone() {
        LibIpsecMb library = LibIpsecMb.load().orElseThrow();
        var provider = new IpsecMbCipherProvider(library);
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
                () -> provider().openKey(DataCipher.AES_256_GCM, new byte[32], 1));
    }

    @Test
    void shouldNotHoldTheLibraryForAKeyThatIsNone() {
        LibIpsecMb library = LibIpsecMb.load().orElseThrow();
        var provider = new IpsecMbCipherProvider(library);
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> provider.openKey(DataCipher.AES_256_GCM, new byte[32], 1));
        provider.close();
        assertFalse(library.loaded());
    }

    @Test
    void shouldOfferNothingWithoutALibrary() {
        Set<String> here = Architecture.flagsOfThisMachine();
        assertEquals(Optional.empty(), LibIpsecMb.load(List.of("libIPSec_MB.so.none"), here));
        assertEquals(Optional.empty(), LibIpsecMb.load(List.of("libc.so.6"), here), "one without the functions");
    }

    @Test
    void shouldOfferNothingToAProcessorThatCannotRunIt() {
        assertEquals(Optional.empty(), LibIpsecMb.load(List.of("libIPSec_MB.so.1"), Set.of()));
        assertEquals(Optional.empty(), LibIpsecMb.load(List.of("libIPSec_MB.so.1"), Set.of("fp", "asimd", "aes")));
    }

    /** Each architecture that this processor can run, as if it had nothing better. */
    @Test
    void shouldAgreeWithTheJdkOnEveryArchitecture() {
        Set<String> here = Architecture.flagsOfThisMachine();
        var tried = EnumSet.noneOf(Architecture.class);
        for (Set<String> missing : List.of(
                Set.<String>of(), Set.of("vaes"), Set.of("avx512f"), Set.of("avx512f", "avx2"))) {
            Set<String> flags = here.stream().filter(flag -> !missing.contains(flag)).collect(Collectors.toSet());
            var library = LibIpsecMb.load(List.of("libIPSec_MB.so.2", "libIPSec_MB.so.1"), flags);
            if (library.isEmpty()) {
                continue;
            }
            tried.add(Architecture.best(flags).orElseThrow());
            try (var provider = new IpsecMbCipherProvider(library.get())) {
                assertEquals(ciphers(), provider.ciphers(), library.get().version());
                ciphers().forEach(cipher -> shouldUnderstandTheJdk(provider, cipher));
            }
        }
        assertTrue(tried.contains(Architecture.SSE), "tried " + tried);
    }
}
