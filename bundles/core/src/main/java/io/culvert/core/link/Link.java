package io.culvert.core.link;

import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.PooledBuffer;

/** Where outer datagrams leave. Threads: one packet loop. */
public interface Link {
    Transport transport();

    /**
     * Takes the datagram; it leaves at the latest with {@link #flush}. Never fails: a refused datagram is counted.
     *
     * @return whether nothing waited before, so that a flush is now due
     */
    boolean send(PooledBuffer datagram, LinkEndpoint to);

    /** Ends a batch. */
    void flush();

    /** A session that lives on this link came (+1) or went (-1). A stream ends, after a flush, with its last session. */
    default void sessions(int change) {}
}
