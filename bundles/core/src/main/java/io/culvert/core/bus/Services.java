package io.culvert.core.bus;

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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The providers in force. Called by any thread; answers as things are now, without blocking. */
public interface Services {
    Optional<TlsProvider> tls();

    Optional<CipherProvider> crypto(DataCipher cipher);

    List<DataCipher> ciphers();

    Optional<CertificateAuthority> certificates();

    /** Of two for one ether type, the first one counts. */
    List<NetworkProtocol> networks();

    /** The first one bridges. */
    default List<FrameProtocol> frames() {
        return List.of();
    }

    /** Of two with one name, the first one counts. */
    List<PayloadCodec> codecs();

    /** What became of TLS handshakes, by module. */
    default Map<String, PathStatus.Handshakes> tlsHandshakes() {
        return Map.of();
    }

    /** The module that a protocol or a provider is from, as {@code tls.jsse/0.1.0}; empty when that is not known. */
    default String moduleOf(Object service) {
        return "";
    }

    /** Takes note of a session that was established. */
    default void sessionStarted(SessionStatus session) {}

    /** Takes note of an established session that ended. */
    default void sessionEnded(SessionStatus session, CloseCause cause) {}
}
