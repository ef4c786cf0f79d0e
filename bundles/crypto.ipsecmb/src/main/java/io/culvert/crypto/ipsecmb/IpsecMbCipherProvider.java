package io.culvert.crypto.ipsecmb;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.NativeCipherProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * AES-GCM of Intel's Multi-Buffer Crypto library for IPsec. What a processor's own functions take is no part of the
 * library's documented interface, so a cipher is not offered before the JDK agrees about a packet of each kind of length.
 */
public final class IpsecMbCipherProvider extends NativeCipherProvider {
    private static final Path FIPS_MODE = Path.of("/proc/sys/crypto/fips_enabled");

    private final LibIpsecMb library;
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);

    IpsecMbCipherProvider(LibIpsecMb library) {
        super(library);
        this.library = library;
        for (DataCipher cipher : LibIpsecMb.CIPHERS) {
            if (JdkComparison.agrees(this, cipher)) {
                ciphers.add(cipher);
            }
        }
    }

    /** Empty when there is no such library, or no processor for it, and on hosts that demand validated code (FIPS 140). */
    public static Optional<IpsecMbCipherProvider> load() {
        if (demandsValidated()) {
            return Optional.empty();
        }
        return LibIpsecMb.load().map(library -> of(library, IpsecMbCipherProvider::new));
    }

    private static boolean demandsValidated() {
        try {
            return !Files.readString(FIPS_MODE).strip().equals("0");
        } catch (NoSuchFileException _) {
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    /** {@code intel-ipsec-mb 1.3.0 with vaes_avx512}. */
    String version() {
        return library.version();
    }

    @Override
    public String name() {
        return "ipsecmb";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return Set.copyOf(ciphers);
    }

    @Override
    protected AeadKey newKey(DataCipher cipher, byte[] key, int offset) {
        return new IpsecMbAeadKey(library, cipher, key, offset);
    }
}
