package io.culvert.crypto.openssl;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * AES-GCM and ChaCha20-Poly1305 of libcrypto, as far as it has them: a build or a FIPS policy may leave some out.
 */
public final class OpenSslCipherProvider implements CipherProvider, AutoCloseable {
    private final LibCrypto library;
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);
    private boolean closed;

    OpenSslCipherProvider(LibCrypto library) {
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
        return LibCrypto.load().map(OpenSslCipherProvider::new);
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

    /**
     * @throws IllegalStateException after {@link #close}
     */
    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        open();
        try {
            return new OpenSslAeadKey(library, cipher, key, offset);
        } catch (Throwable t) {
            library.release();
            throw t;
        }
    }

    private synchronized void open() {
        if (closed) {
            throw new IllegalStateException("the provider of libcrypto's ciphers has gone");
        }
        library.retain();
    }

    /** No new keys; the library goes when the last open key is closed. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            library.release();
        }
    }
}
