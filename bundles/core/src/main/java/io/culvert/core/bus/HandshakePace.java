package io.culvert.core.bus;

import io.culvert.core.host.HostLoad.Sample;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many new handshakes may begin in a second: all that come, while the host has time left or few packets flow. When
 * packets flow and nothing is left, half as many, and half of that again, down to {@link #FLOOR} for each core; then
 * step by step more, as there is time again. That handshakes' threads come after the packet loops is not enough: they
 * share caches, and much that runs for a packet runs elsewhere, in the kernel and in other programs. Threads: any.
 */
final class HandshakePace {
    /** A second, for each core, whatever packets want: who is out is let in. */
    static final int FLOOR = 15;

    /** A second, for each core: more than a core can do. */
    private static final int CEILING = 1_000;

    private static final double SCARCE = 0.1;
    private static final double PLENTY = 0.2;

    /** Bytes a second, both directions, that handshakes hardly harm: 100 Mbit/s. */
    private static final double FEW = 12_500_000;

    private static final double GROWTH = 1.5;
    private static final long NS_PER_S = 1_000_000_000L;

    private final int floor;
    private final int ceiling;
    private final AtomicInteger begun = new AtomicInteger();
    private volatile double perSecond;

    HandshakePace(int cores) {
        floor = cores * FLOOR;
        ceiling = cores * CEILING;
        perSecond = ceiling;
    }

    /** Begins one; the pause before the next one may begin, in nanoseconds. Takes no lock, as packet loops ask. */
    long next() {
        begun.incrementAndGet();
        double allowed = perSecond;
        return allowed < ceiling ? (long) (NS_PER_S / allowed) : 0;
    }

    /** Adapts to what there was since the call before. One thread at a time. */
    void adapt(Sample load) {
        double came = begun.getAndSet(0) / load.seconds();
        if (load.idle() < SCARCE && load.bytesPerSecond() > FEW) {
            perSecond = Math.max(floor, Math.min(perSecond, came) / 2);
        } else if (load.idle() > PLENTY || load.bytesPerSecond() < FEW) {
            perSecond = Math.min(ceiling, perSecond * GROWTH);
        }
    }

    /** It is long ago that anybody began, or unknown what there was: no limit. One thread at a time. */
    void forget() {
        begun.set(0);
        perSecond = ceiling;
    }

    /** A second; empty while there is no limit. */
    OptionalInt limit() {
        double allowed = perSecond;
        return allowed < ceiling ? OptionalInt.of((int) allowed) : OptionalInt.empty();
    }
}
