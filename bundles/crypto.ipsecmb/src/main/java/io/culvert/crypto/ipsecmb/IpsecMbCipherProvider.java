package io.culvert.crypto.ipsecmb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.NativeCipherProvider;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-GCM of Intel's Multi-Buffer Crypto library for IPsec. What a processor's own functions take is no part of the
 * library's documented interface, so a cipher is not offered before the JDK agrees about a packet of each kind of length.
 */
public final class IpsecMbCipherProvider extends NativeCipherProvider {
    private static final int TAG = DataCipher.TAG_BYTES;
    private static final int AAD = 8;
    private static final int NONCE = 12;
    private static final Path FIPS_MODE = Path.of("/proc/sys/crypto/fips_enabled");

    /** Nothing, a part of a block, some blocks, and more than the widest implementation takes at once. */
    private static final int[] LENGTHS = {0, 5, 64, 256, 300, 1400, 1401};

    private final LibIpsecMb library;
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);

    IpsecMbCipherProvider(LibIpsecMb library) {
        super(library);
        this.library = library;
        for (DataCipher cipher : LibIpsecMb.CIPHERS) {
            if (Arrays.stream(LENGTHS).allMatch(length -> agreesWithTheJdk(cipher, length))) {
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

    /** Of a packet of additional data, text and tag. */
    private boolean agreesWithTheJdk(DataCipher cipher, int length) {
        byte[] bytes = new byte[cipher.keyBytes() + AAD + length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7 + 1);
        }
        byte[] aad = Arrays.copyOfRange(bytes, cipher.keyBytes(), cipher.keyBytes() + AAD);
        byte[] text = Arrays.copyOfRange(bytes, cipher.keyBytes() + AAD, bytes.length);
        try (Arena arena = Arena.ofConfined();
                AeadKey key = openKey(cipher, bytes, 0)) {
            var jdk = Cipher.getInstance("AES/GCM/NoPadding");
            jdk.init(
                    Cipher.ENCRYPT_MODE,
                    new SecretKeySpec(bytes, 0, cipher.keyBytes(), "AES"),
                    new GCMParameterSpec(TAG * 8, new byte[NONCE]));
            jdk.updateAAD(aad);
            byte[] expected = jdk.doFinal(text);
            MemorySegment packet = arena.allocate(AAD + length + TAG);
            MemorySegment.copy(aad, 0, packet, JAVA_BYTE, 0, AAD);
            MemorySegment.copy(text, 0, packet, JAVA_BYTE, AAD, length);
            key.seal(packet, 0, 0, 0, AAD, AAD, length, AAD + length);
            boolean sealed = Arrays.equals(expected, packet.asSlice(AAD).toArray(JAVA_BYTE));
            boolean opened = key.open(packet, 0, 0, 0, AAD, AAD, length, AAD + length);
            return sealed && opened && Arrays.equals(text, packet.asSlice(AAD, length).toArray(JAVA_BYTE));
        } catch (GeneralSecurityException _) {
            return false;
        }
    }
}
