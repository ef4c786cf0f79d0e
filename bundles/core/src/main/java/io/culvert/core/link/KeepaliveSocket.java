package io.culvert.core.link;

import io.culvert.core.libc.Libc;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The socket at which keepalives wait. A few are taken as they come. Nobody waits for them, though, so where they are
 * many the poller is not woken by each: they are taken together, at the times at which sessions send their own. While
 * more come than a look takes, they are read as at any socket.
 *
 * <p>Threads: one packet loop.
 */
final class KeepaliveSocket implements Pollable {
    /** Sessions round the times of their keepalives up to this, so a loop wakes once for both. */
    static final long TOGETHER_NS = 1L << 26;

    /** In that time. */
    private static final int MANY = 2;

    private final ListenSocket socket;
    private final UdpReceiver receiver;
    private final LinkResources resources;
    private final boolean gathers;
    private @Nullable DatagramSink sink;
    private boolean watched;

    /** Whether a look is to come, whatever becomes of the sink. */
    private boolean due;

    private long lookedNs;

    /** @param gathers whether nothing but keepalives comes to the socket */
    KeepaliveSocket(
            Libc libc, ListenSocket socket, UdpLink link, int listener, LinkResources resources, ReceiveBatch batch,
            boolean gathers) {
        this.socket = socket;
        this.receiver = new UdpReceiver(libc, socket, link, listener, resources, batch);
        this.resources = resources;
        this.gathers = gathers;
        this.lookedNs = resources.nowNs().getAsLong() - TOGETHER_NS;
    }

    @Override
    public int fd() {
        return socket.fd();
    }

    void resume(DatagramSink sink) throws IOException {
        this.sink = sink;
        if (!due) {
            watch();
        }
    }

    void suspend() {
        sink = null;
        unwatch();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        DatagramSink to = sink;
        if (!readable || to == null) {
            return;
        }
        long nowNs = resources.nowNs().getAsLong();
        boolean often = nowNs - lookedNs < TOGETHER_NS;
        lookedNs = nowNs;
        boolean more = receiver.read(to);
        if (gathers && often && !more) {
            unwatch();
            gather(nowNs);
        }
    }

    private void gather(long nowNs) {
        due = true;
        resources.timers().after(TOGETHER_NS - Math.floorMod(nowNs, TOGETHER_NS), this::look);
    }

    private void look() {
        due = false;
        DatagramSink to = sink;
        if (to == null) {
            return;
        }
        long nowNs = resources.nowNs().getAsLong();
        lookedNs = nowNs;
        long before = receiver.messages();
        boolean more = receiver.read(to);
        if (!more && receiver.messages() - before >= MANY) {
            gather(nowNs);
            return;
        }
        try {
            watch();
        } catch (IOException e) {
            gather(nowNs);
        }
    }

    private void watch() throws IOException {
        resources.poller().add(this);
        watched = true;
    }

    private void unwatch() {
        if (watched) {
            watched = false;
            resources.poller().remove(this);
        }
    }
}
