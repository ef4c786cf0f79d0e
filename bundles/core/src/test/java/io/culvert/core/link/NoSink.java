package io.culvert.core.link;

import io.culvert.core.buffer.PooledBuffer;

/** Takes nothing in. */
final class NoSink implements DatagramSink {
    @Override
    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
        datagram.release();
    }

    @Override
    public void onLinkClosed(LinkEndpoint endpoint, String why) {}
}
