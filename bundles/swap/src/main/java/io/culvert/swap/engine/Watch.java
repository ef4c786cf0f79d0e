package io.culvert.swap.engine;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.swap.plan.ModuleKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Judges a new version by what happens after it has taken over, against what happened before. Plain: it is fed with
 * snapshots of the packet path.
 *
 * <ul>
 *   <li>Handshakes: at least {@value #FEWEST_FAILED} failed, and the share that fails is above that of the time before by
 *       more than the limit.
 *   <li>Errors that the module logs: more than the limit within a minute.
 *   <li>Throughput of each session: below the limit's share of the time before for {@value #SLOW_SECONDS} s, when there
 *       was traffic worth the name, and packets are being dropped at the same time: peers that merely stop sending are
 *       no fault of the module.
 *   <li>Sessions that end by a fault of ours.
 * </ul>
 */
final class Watch implements LogSink {
    static final int FEWEST_HANDSHAKES = 3;
    private static final int FEWEST_FAILED = 2;
    private static final int SLOW_SECONDS = 10;
    private static final double TRAFFIC_BYTES_A_SECOND = 100_000;
    private static final double NS = 1e9;
    private static final long MINUTE_NS = 60_000_000_000L;

    private final String symbolicName;
    private final boolean handshakes;
    private final String tlsModule;
    private final PathStatus first;
    private final double failuresBefore;
    private final double bytesBefore;
    private final Limits limits;
    private final AtomicInteger errors = new AtomicInteger();

    /** When the newest errors were logged, no more of them than are needed for a breach. */
    private final Deque<Long> newest = new ArrayDeque<>();
    private volatile String lastError = "";
    private PathStatus window;

    /**
     * @param module its id
     * @param version that takes over
     * @param before the path some seconds before the switch
     * @param now the path at the switch
     */
    Watch(String module, String version, PathStatus before, PathStatus now, Limits limits) {
        this.limits = limits;
        symbolicName = "io.culvert." + module;
        handshakes = ModuleKind.of(module).takesPartInHandshakes();
        tlsModule = module.startsWith("tls.") ? module + "/" + version : "";
        first = now;
        window = now;
        Handshakes past = now.handshakes();
        long ended = past.completed() + past.failures();
        failuresBefore = ended == 0 ? 0 : (double) past.failures() / ended;
        bytesBefore = bytesOfSession(before, now);
    }

    /** Why the new version has to go, if it has. */
    Optional<String> breach(PathStatus now) {
        Optional<String> breach = handshakes ? handshakeBreach(now) : Optional.empty();
        return breach.or(this::errorBreach).or(() -> throughputBreach(now)).or(() -> endedBreach(now));
    }

    private Optional<String> handshakeBreach(PathStatus now) {
        long failed = failed(now);
        long ended = completed(now) + failed;
        double share = ended == 0 ? 0 : (double) failed / ended;
        return failed >= FEWEST_FAILED && share > failuresBefore + limits.handshakes() / 100.0
                ? Optional.of(failed + " of " + ended + " handshakes failed, "
                        + Math.round(failuresBefore * 100) + " % did before")
                : Optional.empty();
    }

    private long completed(PathStatus now) {
        return now.handshakes().completed() - first.handshakes().completed()
                + tls(now).completed() - tls(first).completed();
    }

    private long failed(PathStatus now) {
        // A failed TLS handshake of a new session counts once.
        return Math.max(
                now.handshakes().failures() - first.handshakes().failures(), tls(now).failures() - tls(first).failures());
    }

    private Handshakes tls(PathStatus path) {
        return path.tls().getOrDefault(tlsModule, Handshakes.NONE);
    }

    private Optional<String> errorBreach() {
        synchronized (newest) {
            boolean many = newest.size() > limits.errors() && System.nanoTime() - newest.getFirst() < MINUTE_NS;
            return many
                    ? Optional.of("it logged " + newest.size() + " errors, the last one: " + lastError)
                    : Optional.empty();
        }
    }

    private Optional<String> throughputBreach(PathStatus now) {
        if (now.timeNs() - window.timeNs() < SLOW_SECONDS * NS) {
            return Optional.empty();
        }
        double bytes = bytesOfSession(window, now);
        long dropped = now.dropped() - window.dropped();
        long packets = packets(now) - packets(window);
        window = now;
        return bytesBefore > TRAFFIC_BYTES_A_SECOND && now.sessions() > 0 && bytes < bytesBefore * limits.throughput() / 100
                        && dropped > packets / 100 + 10
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "each session carries %.1f Mbit/s, %.1f before, and %d packets were dropped",
                        bytes * 8 / 1e6,
                        bytesBefore * 8 / 1e6,
                        dropped))
                : Optional.empty();
    }

    private Optional<String> endedBreach(PathStatus now) {
        long ended = faults(now) - faults(first);
        return ended > 0
                ? Optional.of(ended + (ended == 1 ? " session was" : " sessions were") + " lost to a fault")
                : Optional.empty();
    }

    private static long faults(PathStatus path) {
        return path.tunnels().values().stream()
                .flatMap(tunnel -> tunnel.ended().entrySet().stream())
                .filter(each -> switch (each.getKey()) {
                    case INTERNAL_ERROR, HANDOVER_FAILED -> true;
                    default -> false;
                })
                .mapToLong(each -> each.getValue())
                .sum();
    }

    private static long packets(PathStatus path) {
        return path.traffic().packetsIn() + path.traffic().packetsOut();
    }

    private static double bytesOfSession(PathStatus from, PathStatus to) {
        double seconds = (to.timeNs() - from.timeNs()) / NS;
        long bytes = to.traffic().bytesIn() + to.traffic().bytesOut()
                - from.traffic().bytesIn() - from.traffic().bytesOut();
        return seconds <= 0 ? 0 : bytes / seconds / Math.max(1, to.sessions());
    }

    /** Whether so little was seen that nobody can say that handshakes work. */
    boolean tooFewHandshakes(PathStatus now) {
        return handshakes && completed(now) + failed(now) < FEWEST_HANDSHAKES;
    }

    /** What was seen, in a few words. */
    String summary(PathStatus now) {
        return completed(now) + " handshakes completed, " + failed(now) + " failed, " + errors.get() + " errors logged, "
                + (now.dropped() - first.dropped()) + " packets dropped, " + now.sessions() + " sessions";
    }

    // ---- LogSink: counts what the module logs ----

    @Override
    public String name() {
        return "swap-watch";
    }

    @Override
    public void write(List<LogRecord> entries) {
        for (LogRecord entry : entries) {
            if (entry.level() == LogRecord.Level.ERROR && entry.module().equals(symbolicName)) {
                lastError = entry.message();
                errors.incrementAndGet();
                synchronized (newest) {
                    newest.addLast(System.nanoTime());
                    if (newest.size() > limits.errors() + 1) {
                        newest.removeFirst();
                    }
                }
            }
        }
    }
}
