package io.culvert.core.plug;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import io.culvert.core.bus.Services;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The providers in force. */
record PluggedServices(
        Supplier<@Nullable TlsProvider> provider,
        Supplier<@Nullable CertificateAuthority> authority,
        CipherChoice choice,
        Supplier<List<NetworkProtocol>> protocols,
        Supplier<List<PayloadCodec>> payloadCodecs)
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
        return choice.provider(cipher);
    }

    @Override
    public List<DataCipher> ciphers() {
        return choice.ciphers();
    }

    @Override
    public List<NetworkProtocol> networks() {
        return protocols.get();
    }

    @Override
    public List<PayloadCodec> codecs() {
        return payloadCodecs.get();
    }
}
