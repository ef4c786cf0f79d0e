package io.culvert.core.link;

import io.culvert.core.libc.Libc;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket at which keepalives wait. A few are taken as they come. Nobody waits for them, though, so where they are
 * many the poller is not woken by each: they are taken together, at the times at which sessions send their own. While
 * more come than a look takes, they are read as at any socket.
 *
 * <p>Threads: one packet loop.
 */
final class KeepaliveSocket implements Pollable {
    private static final Logger LOG = LoggerFactory.getLogger(KeepaliveSocket.class);

    /** Sessions round the times of their keepalives up to this, so a loop wakes once for both. */
    static final long TOGETHER_NS = 1L << 26;

    /** In that time. */
    private static final int MANY = 2;

    private final ListenSocket socket;
    private final UdpReceiver receiver;
    private final LinkResources resources;
    private final int longest;
    private final Runnable look = this::look;
    private @Nullable DatagramSink sink;
    private boolean watched;

    /** Whether a look is to come, whatever becomes of the sink. */
    private boolean due;

    private boolean failed;
    private long lookedNs;

    /** @param longest what is longer is no keepalive, in bytes; 0 when anything may come to the socket */
    KeepaliveSocket(
            Libc libc, ListenSocket socket, UdpLink link, int listener, LinkResources resources, ReceiveBatch batch,
            int longest) {
        this.socket = socket;
        this.receiver = new UdpReceiver(libc, socket, link, listener, resources, batch);
        this.resources = resources;
        this.longest = longest;
        this.lookedNs = resources.nowNs().getAsLong() - TOGETHER_NS;
    }

    @Override
    public int fd() {
        return socket.fd();
    }

    void resume(DatagramSink sink) {
        this.sink = sink;
        if (!due && !watched) {
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
        if (often && !more && hearsOnlyKeepalives()) {
            gather(nowNs);
            unwatch();
        }
    }

    /** The kernel puts other datagrams here as well while sockets of other loops are missing. They shall not wait. */
    private boolean hearsOnlyKeepalives() {
        return longest > 0 && receiver.longest() <= longest;
    }

    private void gather(long nowNs) {
        resources.timers().after(TOGETHER_NS - Math.floorMod(nowNs, TOGETHER_NS), look);
        due = true;
    }

    private void look() {
        due = false;
        DatagramSink to = sink;
        if (to == null || watched) {
            return;
        }
        try {
            long nowNs = resources.nowNs().getAsLong();
            lookedNs = nowNs;
            long before = receiver.messages();
            boolean more = receiver.read(to);
            if (!more && receiver.messages() - before >= MANY && hearsOnlyKeepalives()) {
                gather(nowNs);
            }
        } finally {
            // Whatever failed: a socket that nobody looks at would end every idle session.
            if (!due) {
                watch();
            }
        }
    }

    private void watch() {
        try {
            resources.poller().add(this);
            watched = true;
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                LOG.warn(
                        "udp port={}: keepalives are looked at {} times a second, as they cannot be watched: {}",
                        socket.port(),
                        1_000_000_000 / TOGETHER_NS,
                        e.getMessage());
            }
            gather(resources.nowNs().getAsLong());
        }
    }

    private void unwatch() {
        if (watched) {
            watched = false;
            resources.poller().remove(this);
        }
    }
}
