package io.culvert.core.link;

/** What the UDP sockets of a loop use in turn. */
record UdpBatches(ReceiveBatch in, SendBatch out) {
    UdpBatches() {
        this(new ReceiveBatch(), new SendBatch());
    }
}
