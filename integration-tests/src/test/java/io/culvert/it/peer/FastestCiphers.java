package io.culvert.it.peer;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.ipsecmb.IpsecMbCipherProvider;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.crypto.openssl.OpenSslCipherProvider;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Each cipher by the fastest that this host has, so that a peer loads a server and not itself. */
final class FastestCiphers implements CipherProvider {
    private final List<CipherProvider> providers = new ArrayList<>();

    FastestCiphers() {
        IpsecMbCipherProvider.load().ifPresent(providers::add);
        OpenSslCipherProvider.load().ifPresent(providers::add);
        providers.add(new JceCipherProvider());
    }

    @Override
    public String name() {
        return "fastest";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return EnumSet.allOf(DataCipher.class);
    }

    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        return providers.stream()
                .filter(each -> each.ciphers().contains(cipher))
                .findFirst()
                .orElseThrow()
                .openKey(cipher, key, offset);
    }
}
