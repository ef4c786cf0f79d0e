package io.culvert.crypto.jce;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.util.EnumSet;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** AES-GCM and ChaCha20-Poly1305 of whatever JCE providers the JDK has; offers what passes a round trip. */
@Component
public final class JceCipherProvider implements CipherProvider {
    private final Scratch scratch = new Scratch();
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);

    @Activate
    public JceCipherProvider() {
        for (var cipher : DataCipher.values()) {
            if (works(cipher)) {
                ciphers.add(cipher);
            }
        }
    }

    @Override
    public String name() {
        return "jce";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return Set.copyOf(ciphers);
    }

    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        return new JceAeadKey(scratch, cipher, key, offset);
    }

    private boolean works(DataCipher cipher) {
        try (var key = new JceAeadKey(scratch, cipher, new byte[cipher.keyBytes()], 0)) {
            return key.selfTest();
        } catch (IllegalStateException _) {
            return false; // the JDK has no such cipher
        }
    }
}
