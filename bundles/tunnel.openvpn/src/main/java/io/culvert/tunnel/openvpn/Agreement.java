package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.network.Admission;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.Framing;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What both ends know and have agreed on; fills up during the first negotiation and holds for the session. */
final class Agreement {
    /** What the client said of itself. */
    PeerInfo peerInfo = PeerInfo.NONE;
    /** The client's options string. */
    String clientOptions = "";

    Framing framing = Framing.NONE;
    /** Whether packets to the client are compressed. */
    boolean compressing;
    /** The option that tells the client of the framing; empty when it needs none. */
    String framingOption = "";

    @Nullable PeerIdentity peer;
    /** Absent in a thawed session. */
    Admission.@Nullable Granted admission;

    @Nullable TunnelAddresses addresses;
    @Nullable DataCipher cipher;
    /** Whether data keys come from TLS. */
    boolean exported;
    /** TLS version and suite of the newest negotiation. */
    String tls = "";

    /** What the client shall send in place of its password from now on; never in a log. */
    @Nullable String token;

    PeerIdentity knownPeer() {
        return Objects.requireNonNull(peer, "peer");
    }

    DataCipher chosenCipher() {
        return Objects.requireNonNull(cipher, "cipher");
    }

    String cipherName() {
        DataCipher chosen = cipher;
        return chosen == null ? "" : Ciphers.name(chosen);
    }

    /** How the keys of the first negotiation are made, and those of later ones. */
    KeyExchange.Derivation derivation(boolean first) {
        if (!first) {
            return exported ? KeyExchange.Derivation.EXPORT : KeyExchange.Derivation.PRF;
        }
        return peerInfo.has(PeerInfo.TLS_KEY_EXPORT)
                ? KeyExchange.Derivation.EXPORT_IF_POSSIBLE
                : KeyExchange.Derivation.PRF;
    }

    /** Whether the client takes dynamic tls-crypt; it is told by protocol-flags, which it must understand. */
    boolean wantsDynamic() {
        return peerInfo.has(PeerInfo.DYN_TLS_CRYPT) && peerInfo.has(PeerInfo.CC_EXIT_NOTIFY);
    }
}
