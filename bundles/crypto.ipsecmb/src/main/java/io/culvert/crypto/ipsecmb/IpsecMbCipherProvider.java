package io.culvert.crypto.ipsecmb;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.NativeCipherProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * AES-GCM of Intel's Multi-Buffer Crypto library for IPsec. What a processor's own functions take is no part of the
 * library's documented interface, so a cipher is not offered before the JDK agrees about a packet of each kind of length.
 */
public final class IpsecMbCipherProvider extends NativeCipherProvider {
    private static final Path FIPS_MODE = Path.of("/proc/sys/crypto/fips_enabled");

    private final LibIpsecMb library;
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);
    private final Set<DataCipher> disputed = EnumSet.noneOf(DataCipher.class);

    IpsecMbCipherProvider(LibIpsecMb library) {
        this(library, JdkComparison::agrees);
    }

    /** @param agrees whether a cipher of this provider is to be offered */
    IpsecMbCipherProvider(LibIpsecMb library, BiPredicate<CipherProvider, DataCipher> agrees) {
        super(library);
        this.library = library;
        for (DataCipher cipher : LibIpsecMb.CIPHERS) {
            (agrees.test(this, cipher) ? ciphers : disputed).add(cipher);
        }
    }

    /** Empty when there is no such library, or no processor for it, and on hosts that demand validated code (FIPS 140). */
    public static Optional<IpsecMbCipherProvider> load() {
        if (hostDemandsValidated()) {
            return Optional.empty();
        }
        return LibIpsecMb.load().map(library -> of(library, IpsecMbCipherProvider::new));
    }

    /** Whether this host is in FIPS mode. */
    static boolean hostDemandsValidated() {
        return demandsValidated(FIPS_MODE);
    }

    /** @param mode of kernels that know of such a mode; one that cannot be read is taken for a demand */
    static boolean demandsValidated(Path mode) {
        try {
            return !Files.readString(mode).strip().equals("0");
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

    /** Those that the library has, and about which the JDK does not agree. */
    Set<DataCipher> disputed() {
        return Set.copyOf(disputed);
    }

    @Override
    protected AeadKey newKey(DataCipher cipher, byte[] key, int offset) {
        return new IpsecMbAeadKey(library, cipher, key, offset);
    }
}
