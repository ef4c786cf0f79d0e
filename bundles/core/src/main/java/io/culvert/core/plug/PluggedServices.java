package io.culvert.core.plug;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import io.culvert.core.bus.Services;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The providers in force: of several, the first.
 *
 * @param ciphers in the order in which they are asked
 */
record PluggedServices(
        Supplier<@Nullable TlsProvider> provider,
        Supplier<@Nullable CertificateAuthority> authority,
        Supplier<List<CipherProvider>> providers)
        implements Services {
    @Override
    public Optional<TlsProvider> tls() {
        return Optional.ofNullable(provider.get());
    }

    @Override
    public Optional<CertificateAuthority> certificates() {
        return Optional.ofNullable(authority.get());
    }

    @Override
    public Optional<CipherProvider> crypto(DataCipher cipher) {
        for (CipherProvider each : providers.get()) {
            if (each.ciphers().contains(cipher)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    @Override
    public List<DataCipher> ciphers() {
        Set<DataCipher> all = EnumSet.noneOf(DataCipher.class);
        providers.get().forEach(each -> all.addAll(each.ciphers()));
        return List.copyOf(all);
    }
}
