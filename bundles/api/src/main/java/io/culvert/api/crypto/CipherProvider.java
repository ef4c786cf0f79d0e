package io.culvert.api.crypto;

import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/** Opens keys for data-channel ciphers. Implemented by crypto bundles; called by any thread. */
@ConsumerType
public interface CipherProvider {
    /** The provider's name for logs and settings: {@code jce}. */
    String name();

    /** The ciphers that work on this machine. */
    Set<DataCipher> ciphers();

    /**
     * A key for one direction, used by one packet loop.
     *
     * @param key exactly {@link DataCipher#keyBytes} bytes, from {@code offset}; copied, so the caller may zero it
     */
    AeadKey openKey(DataCipher cipher, byte[] key, int offset);
}
