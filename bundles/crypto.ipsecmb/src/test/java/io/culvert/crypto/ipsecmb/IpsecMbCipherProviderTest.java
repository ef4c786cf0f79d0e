package io.culvert.crypto.ipsecmb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.NativeCipherContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class IpsecMbCipherProviderTest extends NativeCipherContract {
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
        assertUnderstandEachOther(provider(), new JceCipherProvider(), cipher);
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
                ciphers().forEach(cipher -> assertUnderstandEachOther(provider, new JceCipherProvider(), cipher));
            }
        }
        assertTrue(tried.contains(Architecture.SSE), "tried " + tried);
    }
}
