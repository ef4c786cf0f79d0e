package io.culvert.tunnel.openvpn;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Time that passes by events: each runs at its moment, and nothing waits. */
final class VirtualTime {
    static final long WALL_SECONDS = 1_800_000_000L;

    private record Event(long atNs, long order, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::atNs).thenComparingLong(Event::order));
    private long nowNs = 1;
    private long order;

    long nowNs() {
        return nowNs;
    }

    long wallSeconds() {
        return WALL_SECONDS + TimeUnit.NANOSECONDS.toSeconds(nowNs);
    }

    void after(long delayNs, Runnable action) {
        events.add(new Event(nowNs + delayNs, order++, action));
    }

    /** Runs events until {@code done}; false when that did not come about within {@code limit}. */
    boolean runUntil(BooleanSupplier done, long limitSeconds) {
        return runUntilNs(done, nowNs + TimeUnit.SECONDS.toNanos(limitSeconds));
    }

    private boolean runUntilNs(BooleanSupplier done, long end) {
        while (!done.getAsBoolean()) {
            Event event = events.peek();
            if (event == null || event.atNs > end) {
                nowNs = end;
                return done.getAsBoolean();
            }
            events.poll();
            nowNs = Math.max(nowNs, event.atNs);
            event.action.run();
        }
        return true;
    }

    void runMillis(long millis) {
        runUntilNs(() -> false, nowNs + TimeUnit.MILLISECONDS.toNanos(millis));
    }

    void run(long seconds) {
        runUntil(() -> false, seconds);
    }
}
