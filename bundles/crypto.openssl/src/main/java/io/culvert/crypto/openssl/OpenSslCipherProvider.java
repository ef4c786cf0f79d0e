package io.culvert.crypto.openssl;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.NativeCipherProvider;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * AES-GCM and ChaCha20-Poly1305 of libcrypto, as far as it has them: a build or a FIPS policy may leave some out.
 */
public final class OpenSslCipherProvider extends NativeCipherProvider {
    private final LibCrypto library;
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);

    OpenSslCipherProvider(LibCrypto library) {
        super(library);
        this.library = library;
        for (var cipher : DataCipher.values()) {
            try (var _ = openKey(cipher, new byte[cipher.keyBytes()], 0)) {
                ciphers.add(cipher);
            } catch (IllegalStateException _) {
                // Not offered.
            }
        }
    }

    /** Empty when there is no libcrypto. */
    public static Optional<OpenSslCipherProvider> load() {
        return LibCrypto.load().map(library -> of(library, OpenSslCipherProvider::new));
    }

    /** {@code OpenSSL 3.0.19 27 Jan 2026}. */
    String version() {
        return library.version();
    }

    @Override
    public String name() {
        return "openssl";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return Set.copyOf(ciphers);
    }

    @Override
    protected AeadKey newKey(DataCipher cipher, byte[] key, int offset) {
        return new OpenSslAeadKey(library, cipher, key, offset);
    }
}
