package io.culvert.core.admission;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.tunnel.CloseCause;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who may come in, and which addresses a session gets.
 *
 * <p>Threads: several at once. The packet bus calls what may block on virtual threads, the rest on a packet loop.
 */
public interface Admissions {
    /** Asks the chain of authenticators; may block. The caller zeroes {@code credentials} afterwards. */
    AuthDecision authenticate(Credentials credentials);

    /**
     * Reserves addresses for the session; may block. A grant holds until {@link #release}.
     *
     * @param from where the peer's packets are from
     */
    Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from);

    /** As {@link #admit}, for a session that carries Ethernet frames: its addresses are those of the bridged network. */
    Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from);

    /** The session's packets are from this place now. Never blocks. */
    default void moved(long sessionId, InetSocketAddress to) {}

    /** Whether a live session's peer may still be here: null, or why not; may block. */
    @Nullable CloseCause recheck(PeerIdentity peer);

    /** Gives the session's addresses back, if it has any. Never blocks. */
    void release(long sessionId);

    /**
     * Reserves the addresses of a record that is being thawed; true also when this very session holds them already.
     * Never blocks.
     *
     * @return false when they are another session's, or no longer in the network
     */
    boolean restore(SessionRecord record);

    /** As {@link #restore}, for a session that carries Ethernet frames. */
    boolean restoreFrames(SessionRecord record);
}
