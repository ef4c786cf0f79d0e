package io.culvert.crypto.bouncycastle;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/** AES-GCM and ChaCha20-Poly1305 of Bouncy Castle's lightweight API; offers what passes a round trip. */
public final class BcCipherProvider implements CipherProvider {
    private final Room room = new Room();
    private final Set<DataCipher> ciphers = EnumSet.noneOf(DataCipher.class);
    private final LongAdder opened = new LongAdder();

    public BcCipherProvider() {
        for (var cipher : DataCipher.values()) {
            try (var key = new BcAeadKey(room, cipher, new byte[cipher.keyBytes()], 0)) {
                if (key.selfTest()) {
                    ciphers.add(cipher);
                }
            }
        }
    }

    @Override
    public String name() {
        return "bouncycastle";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return Set.copyOf(ciphers);
    }

    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        var made = new BcAeadKey(room, cipher, key, offset);
        opened.increment();
        return made;
    }

    /** Keys opened since the provider was made. */
    long keysOpened() {
        return opened.sum();
    }
}
