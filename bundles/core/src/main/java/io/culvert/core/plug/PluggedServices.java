package io.culvert.core.plug;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.core.bus.Services;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The providers in force. */
record PluggedServices(
        TlsChoice provider,
        Supplier<@Nullable CertificateAuthority> authority,
        CipherChoice choice,
        Supplier<List<NetworkProtocol>> protocols,
        Supplier<List<FrameProtocol>> frameProtocols,
        Supplier<List<PayloadCodec>> payloadCodecs,
        Modules modules,
        SessionNews news)
        implements Services {
    @Override
    public Optional<TlsProvider> tls() {
        return Optional.ofNullable(provider.current());
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
    public List<FrameProtocol> frames() {
        return frameProtocols.get();
    }

    @Override
    public List<PayloadCodec> codecs() {
        return payloadCodecs.get();
    }

    @Override
    public Map<String, PathStatus.Handshakes> tlsHandshakes() {
        return provider.handshakes();
    }

    @Override
    public String moduleOf(Object service) {
        return modules.of(service);
    }

    @Override
    public void sessionStarted(SessionStatus session) {
        news.started(session);
    }

    @Override
    public void sessionEnded(SessionStatus session, CloseCause cause) {
        news.ended(session, cause);
    }
}
