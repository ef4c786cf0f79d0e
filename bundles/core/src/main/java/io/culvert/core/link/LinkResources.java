package io.culvert.core.link;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import java.util.function.LongSupplier;

/**
 * What the links of one packet loop share.
 *
 * @param nowNs the loop's clock
 * @param timers calls back on the loop
 */
public record LinkResources(
        BufferPool pool, Drops drops, EndpointTable endpoints, Poller poller, LongSupplier nowNs, Timers timers) {

    /** One-shot timers of the loop. */
    @FunctionalInterface
    public interface Timers {
        /** Calls {@code then} on the loop in {@code delayNs}, once. */
        void after(long delayNs, Runnable then);
    }
}
