package io.culvert.crypto.openssl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.NativeCipherContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpenSslCipherProviderTest extends NativeCipherContract {
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
        assertUnderstandEachOther(PROVIDER, new JceCipherProvider(), cipher);
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
