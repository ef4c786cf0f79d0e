package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import java.util.List;
import java.util.Optional;

/** The providers in force. Called by any thread; answers as things are now, without blocking. */
public interface Services {
    Optional<TlsProvider> tls();

    Optional<CipherProvider> crypto(DataCipher cipher);

    List<DataCipher> ciphers();

    Optional<CertificateAuthority> certificates();

    /** Of two for one ether type, the first one counts. */
    List<NetworkProtocol> networks();

    /** Of two with one name, the first one counts. */
    List<PayloadCodec> codecs();
}
