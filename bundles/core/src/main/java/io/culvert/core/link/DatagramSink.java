package io.culvert.core.link;

import io.culvert.core.buffer.PooledBuffer;

/** Where a link delivers. Called by the packet loop. */
public interface DatagramSink {
    /** Takes the datagram. */
    void onDatagram(PooledBuffer datagram, LinkEndpoint from);

    /** The stream behind {@code endpoint} ended. */
    void onLinkClosed(LinkEndpoint endpoint, String why);
}
