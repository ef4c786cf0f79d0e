package io.culvert.core.bus;

import io.culvert.api.status.PathStatus;
import io.culvert.api.tls.TlsProvider;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The control channels of one loop on their way to another provider of TLS: evenly over a time, in the order of the
 * sessions' ids, and never many at once. A new one takes the place of the one before.
 *
 * <p>Threads: the loop.
 */
final class TlsSpread {
    /** Who does not answer for so long does not keep others from their turn. */
    private static final long PATIENCE_NS = 10_000_000_000L;

    private static final long LOOK_NS = 20_000_000;

    private final PacketLoop loop;
    private final Predicate<TlsProvider> former;
    private final long windowNs;
    private final int atOnce;
    private final Progress progress;
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private final ArrayDeque<LoopSession> due = new ArrayDeque<>();
    private final List<Told> told = new ArrayList<>();
    private final List<LoopSession> slow = new ArrayList<>();
    private final List<LoopSession> halfOpen = new ArrayList<>();
    private long begunNs;
    private int begun;
    private int planned;
    private boolean cancelled;

    private record Told(LoopSession session, long sinceNs) {}

    /** How far all loops are; the latest is shown. */
    static final class Progress {
        private final PathMeter meter;
        private final String to;
        private final AtomicInteger total = new AtomicInteger();
        private final AtomicInteger moved = new AtomicInteger();

        Progress(PathMeter meter, String to) {
            this.meter = meter;
            this.to = to;
        }

        private void add(int sessions, int there) {
            total.addAndGet(sessions);
            moved.addAndGet(there);
            meter.moved("tls", new PathStatus.Move(to, moved.get(), total.get(), 0));
        }

        int total() {
            return total.get();
        }
    }

    /**
     * @param former whether a provider is one to leave
     * @param windowNs in which all are told to move
     * @param atOnce so many may be on their way
     */
    TlsSpread(PacketLoop loop, Predicate<TlsProvider> former, long windowNs, int atOnce, Progress progress) {
        this.loop = loop;
        this.former = former;
        this.windowNs = windowNs;
        this.atOnce = Math.max(1, atOnce);
        this.progress = progress;
    }

    /** Completes when no session is with a former provider any more, or another spread takes over. */
    CompletionStage<Boolean> begin() {
        loop.protocols().sessions().stream().filter(each -> !each.isEstablished()).forEach(halfOpen::add);
        collect();
        tick();
        return done;
    }

    void cancel() {
        cancelled = true;
        done.complete(false);
    }

    /** Whoever negotiated with a former provider until now is found by the next look. */
    private boolean collect() {
        begunNs = loop.nowNs();
        begun = 0;
        loop.protocols().sessions().stream()
                .filter(each -> each.usesTls(former))
                .sorted(Comparator.comparingLong(LoopSession::sessionId))
                .forEach(due::add);
        planned = due.size();
        progress.add(planned, 0);
        return planned > 0;
    }

    private void tick() {
        if (cancelled) {
            return;
        }
        int there = 0;
        for (Iterator<Told> each = told.iterator(); each.hasNext(); ) {
            Told one = each.next();
            if (!one.session.usesTls(former)) {
                there++;
                each.remove();
            } else if (loop.nowNs() - one.sinceNs >= PATIENCE_NS) {
                slow.add(one.session);
                each.remove();
            }
        }
        int before = slow.size();
        slow.removeIf(each -> !each.usesTls(former));
        there += before - slow.size();
        while (!due.isEmpty() && told.size() < atOnce && loop.nowNs() - begunNs >= turnNs(begun)) {
            LoopSession session = due.poll();
            begun++;
            if (session.usesTls(former)) {
                told.add(new Told(session, loop.nowNs()));
                session.onTls();
            } else {
                there++;
            }
        }
        if (there > 0) {
            progress.add(0, there);
        }
        if (due.isEmpty() && told.isEmpty() && slow.isEmpty() && !negotiating() && !collect()) {
            done.complete(true);
            return;
        }
        loop.after(LOOK_NS, this::tick);
    }

    /** Handshakes that began before the change may still bring sessions of a former provider. */
    private boolean negotiating() {
        halfOpen.removeIf(each -> each.isClosed() || each.isEstablished());
        return !halfOpen.isEmpty();
    }

    private long turnNs(int index) {
        return planned == 0 ? 0 : windowNs / planned * index;
    }
}
