package io.culvert.core.bus;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.core.admission.Admissions;
import io.culvert.core.handover.SessionRecords;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Slow questions of a loop's sessions: they are answered on other threads, and the answers come back as commands. */
final class SessionDesk {
    private static final Logger LOG = LoggerFactory.getLogger(SessionDesk.class);

    private final Admissions admissions;
    private final SessionRecords records;
    private final Executor workers;
    private final Handshakes handshakes;
    private final PacketLoop loop;

    SessionDesk(Admissions admissions, SessionRecords records, Executor workers, Handshakes handshakes, PacketLoop loop) {
        this.admissions = admissions;
        this.records = records;
        this.workers = workers;
        this.handshakes = handshakes;
        this.loop = loop;
    }

    /** Calls {@code then} on the loop with the value or the error. */
    <T> void offload(Callable<T> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        workers.execute(() -> run(work, then));
    }

    /** As {@link #offload} for what needs the CPU; false, and nothing happens, when too much waits for it. */
    <T> boolean compute(boolean begun, Callable<T> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        return handshakes.submit(() -> run(work, then), begun);
    }

    private <T> void run(Callable<T> work, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        T value;
        try {
            value = work.call();
        } catch (Throwable t) {
            loop.commands.post(() -> then.accept(null, t));
            return;
        }
        loop.commands.post(() -> then.accept(value, null));
    }

    /** Calls {@code then} with each decision, the last of which is not pending; the password is zeroed before. */
    void authenticate(Credentials credentials, Consumer<AuthDecision> then) {
        offload(
                () -> {
                    try {
                        return admissions.authenticate(credentials);
                    } finally {
                        credentials.zero();
                    }
                },
                (decision, error) ->
                        tell(decision == null ? refused("the authenticators failed", error) : decision, then));
    }

    private void tell(AuthDecision decision, Consumer<AuthDecision> then) {
        then.accept(decision);
        if (decision instanceof AuthDecision.Pending pending) {
            await(pending, then);
        }
    }

    private void await(AuthDecision.Pending pending, Consumer<AuthDecision> then) {
        var answered = new AtomicBoolean();
        Consumer<AuthDecision> once = decision -> {
            if (answered.compareAndSet(false, true)) {
                tell(decision, then);
            }
        };
        pending.answer().whenComplete((decision, error) -> loop.commands.post(() -> once.accept(
                decision == null ? refused("the pending decision failed", error) : decision)));
        loop.after(
                pending.timeout().toNanos(),
                () -> once.accept(new AuthDecision.Refused("nobody decided within " + pending.timeout(), "timeout")));
    }

    private static AuthDecision refused(String what, @Nullable Throwable error) {
        LOG.error("auth: {}", what, error);
        return new AuthDecision.Refused(what, "");
    }

    /**
     * @param from where the peer's packets are from
     * @param frames whether the session carries Ethernet frames
     */
    void admit(PeerIdentity peer, long sessionId, InetSocketAddress from, boolean frames, Consumer<Admission> then) {
        offload(() -> frames ? admissions.admitFrames(peer, sessionId, from) : admissions.admit(peer, sessionId, from), (admission, error) -> {
            if (admission == null) {
                LOG.error("admission: user {} could not be judged", peer.user(), error);
                then.accept(new Admission.Refused(unjudged()));
            } else {
                then.accept(admission);
            }
        });
    }

    void recheck(PeerIdentity peer, Consumer<@Nullable CloseCause> then) {
        offload(() -> admissions.recheck(peer), (cause, error) -> {
            if (error != null) {
                LOG.error("admission: user {} could not be judged", peer.user(), error);
            }
            then.accept(error == null ? cause : unjudged());
        });
    }

    private static CloseCause unjudged() {
        return CloseCause.silently(CloseCause.Kind.REFUSED, "the access checks failed");
    }

    CompletionStage<Boolean> save(SessionRecord record) {
        return records.save(record);
    }

    void forget(String protocol, String instance, long sessionId) {
        records.forget(protocol, instance, sessionId);
    }

    boolean restore(SessionRecord record, boolean frames) {
        return frames ? admissions.restoreFrames(record) : admissions.restore(record);
    }

    void moved(long sessionId, InetSocketAddress to) {
        admissions.moved(sessionId, to);
    }

    void release(long sessionId) {
        admissions.release(sessionId);
    }
}
