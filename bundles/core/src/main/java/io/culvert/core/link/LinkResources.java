package io.culvert.core.link;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import java.util.function.LongSupplier;

/**
 * What the links of one packet loop share.
 *
 * @param nowNs the loop's clock
 * @param timers calls back on the loop
 * @param gate closed while a link cannot send
 */
public record LinkResources(
        BufferPool pool,
        Drops drops,
        EndpointTable endpoints,
        Poller poller,
        LongSupplier nowNs,
        Timers timers,
        Gate gate) {

    /** One-shot timers of the loop. */
    @FunctionalInterface
    public interface Timers {
        /** Calls {@code then} on the loop in {@code delayNs}, once. */
        void after(long delayNs, Runnable then);
    }

    /** Whether the loop takes packets from the TUN: as long as one holds the gate, they wait in the kernel. */
    public interface Gate {
        /** Counted: as many releases open the gate again. */
        void hold();

        void release();
    }
}
