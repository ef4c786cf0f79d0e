package io.culvert.api.tunnel;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What one packet loop offers to a protocol. Implemented by core; used on that loop only, but for {@link #tls} and
 * {@link #certificates}, which any thread may call. The services answer as they are now: ask again at each use, keep
 * none.
 */
@ProviderType
public interface TunnelHost {
    /** A place for one more session. Spends memory: only for a remote that has proven its address or key. */
    SessionHost newSession(Endpoint remote);

    /** Sessions of this protocol instance on all loops, half-open ones included. */
    int sessionCount();

    /**
     * This loop's index, 0 to {@link #loopCount} - 1. Datagrams come here whose {@linkplain TunnelProtocol#sessionKey key}
     * has a low byte that is congruent to it; others reach their session, too, by a step more.
     */
    int loopIndex();

    int loopCount();

    /** The TLS provider in force, if there is one. */
    Optional<TlsProvider> tls();

    /** The provider in force for {@code cipher}, if there is one. */
    Optional<CipherProvider> crypto(DataCipher cipher);

    /** Ciphers for which there is a provider, in no particular order. */
    List<DataCipher> ciphers();

    /** This loop's coder of the payload codec {@code name} that is in force, or null when there is none. */
    default PayloadCodec.@Nullable Coder codec(String name) {
        return null;
    }

    /** The certificate authority in force, if there is one. */
    Optional<CertificateAuthority> certificates();

    /** Seconds since 1970-01-01T00:00:00Z. */
    long wallTimeSeconds();

    /** Fills {@code target} from a cryptographically strong source. */
    void random(byte[] target);
}
