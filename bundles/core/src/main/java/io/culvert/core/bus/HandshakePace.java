package io.culvert.core.bus;

import io.culvert.core.host.HostLoad.Sample;
import java.util.OptionalInt;

/**
 * How many new handshakes may begin in a second: all that come, while the machine has time left or few packets flow. When
 * packets flow and nothing is left, half as many, and half of that again, down to {@link #FLOOR} for each core; then step
 * by step more, as the machine has time again. That the threads of handshakes come after the packet loops is not enough:
 * they share caches, and much that runs for a packet runs elsewhere, in the kernel and in other programs. Threads: any.
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
    private double perSecond;
    private int begun;

    HandshakePace(int cores) {
        floor = cores * FLOOR;
        ceiling = cores * CEILING;
        perSecond = ceiling;
    }

    /** Begins one; the pause before the next one may begin, in nanoseconds. */
    synchronized long next() {
        begun++;
        return limited() ? (long) (NS_PER_S / perSecond) : 0;
    }

    /** Adapts to what there was since the call before. */
    synchronized void adapt(Sample load) {
        double came = begun / load.seconds();
        begun = 0;
        if (load.idle() < SCARCE && load.bytesPerSecond() > FEW) {
            perSecond = Math.max(floor, Math.min(perSecond, came) / 2);
        } else if (load.idle() > PLENTY || load.bytesPerSecond() < FEW) {
            perSecond = Math.min(ceiling, perSecond * GROWTH);
        }
    }

    /** A second; empty while there is no limit. */
    synchronized OptionalInt limit() {
        return limited() ? OptionalInt.of((int) perSecond) : OptionalInt.empty();
    }

    private boolean limited() {
        return perSecond < ceiling;
    }
}
