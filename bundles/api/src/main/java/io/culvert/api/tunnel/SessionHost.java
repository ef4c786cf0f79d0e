package io.culvert.api.tunnel;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.Outbox;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What core does for one session. Called by the session on its loop; no method blocks, and every answer comes back on
 * the same loop as a later call, never from within the method. After {@link #close} no answer comes any more.
 */
@ProviderType
public interface SessionHost {
    /** The appliance-wide id of the session, constant over hand-overs. */
    long sessionId();

    /** Datagrams with this key come to this session from now on; an earlier owner of the key loses it. */
    void bind(long sessionKey);

    /** Takes back a key that this session has bound; a key that another session owns by now is left alone. */
    void unbind(long sessionKey);

    /** The authenticated peer moved to {@code to}: status and record follow. */
    void floated(Endpoint to);

    /** Runs {@code work} on a virtual thread, where it may block, and brings its end back to the loop. */
    <T> void offload(Callable<T> work, Completion<T> then);

    /**
     * Runs {@code work} on a thread for handshakes and brings its end back to the loop: milliseconds of CPU that shall
     * not hold up packets. It must not wait for anybody, except briefly. A session whose first work finds too much
     * waiting is closed with {@link CloseCause.Kind#OVERLOAD}; later work is done.
     */
    default <T> void compute(Callable<T> work, Completion<T> then) {
        offload(work, then);
    }

    /** Asks the chain of authenticators; takes ownership of the secret in {@code credentials} and zeroes it. */
    void authenticate(Credentials credentials, Answer<AuthDecision> then);

    /** Asks for addresses and network settings for an authenticated peer; on grant the peer's routes lead here. */
    void admit(PeerIdentity peer, Answer<Admission> then);

    /**
     * Asks, before a rekey of a live session counts, whether {@code peer} may still be here.
     *
     * @param then gets null when it may, else why not
     */
    void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then);

    /** Freezes the session now and makes the record durable; {@code then} gets false when the store failed. */
    void save(Answer<Boolean> then);

    /** From now on packets for the peer's addresses come to the session. Called once, after a durable save. */
    void established();

    /** Ends the session after the current call: keys unbound, record forgotten, addresses given back. */
    void close(CloseCause cause);

    /** An answer from core. */
    @FunctionalInterface
    interface Answer<T> {
        void onAnswer(T value, long nowNs, Outbox out);
    }

    /** The end of offloaded work: exactly one of value and error. The value is null if the work returned null. */
    @FunctionalInterface
    interface Completion<T> {
        void onCompletion(@Nullable T value, @Nullable Throwable error, long nowNs, Outbox out);
    }
}
