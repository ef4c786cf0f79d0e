package io.culvert.it.peer;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.link.DatagramSink;
import io.culvert.core.link.EndpointTable;
import io.culvert.core.link.EpollPoller;
import io.culvert.core.link.Link;
import io.culvert.core.link.LinkEndpoint;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Listener;
import io.culvert.core.link.Pollable;
import io.culvert.core.link.Poller;
import io.culvert.core.link.SocketListeners;
import io.culvert.core.tun.LinuxTun;
import io.culvert.core.tun.Tun;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One session's packets between a TUN device and a UDP socket, in one thread, on the product's own batching device and
 * link: what is read of one is sealed or opened and leaves through the other by the batch.
 */
final class LoadTunnel implements DatagramSink, Pollable, Runnable {
    private static final int BUFFERS = 4096;
    private static final int HEADROOM = 256;
    private static final int OUTER_BYTES = 300;
    private static final int BATCH = 256;
    private static final int ENDPOINTS = 16;
    /** How often the TUN and the socket are looked at, and packets may gather, while there is much to do. */
    private static final long PAUSE_NS = 50_000;

    private static final int HOT = 4;
    private static final int ENOUGH = 40;

    private final BufferPool pool;
    private final Drops drops = new Drops();
    private final Poller poller;
    private final LinuxTun device;
    private final Tun tun;
    private final Link link;
    private final LinkEndpoint server;
    private final KeySlot slot;
    private final int peerId;
    private final long pingNs;
    private final PooledBuffer[] batch = new PooledBuffer[BATCH];
    private long lastSentNs;
    private int round;
    private int holds;

    /**
     * Makes the device and configures it with {@code ip}.
     *
     * @param address of the device with its prefix's length
     * @param local where the login came from; its port is free again
     */
    LoadTunnel(
            String name, String address, int mtu, InetSocketAddress local, InetSocketAddress remote, KeySlot slot, int peerId,
            int pingSeconds)
            throws IOException {
        Libc libc = new FfmLibc();
        this.slot = slot;
        this.peerId = peerId;
        this.pingNs = pingSeconds * 1_000_000_000L;
        this.pool = new BufferPool(BUFFERS, HEADROOM, mtu + OUTER_BYTES + HEADROOM);
        this.poller = new EpollPoller(libc);
        this.device = LinuxTun.open(libc, name, mtu, 1);
        this.tun = device.queue(0);
        ip("address", "add", address, "dev", name);
        ip("link", "set", name, "mtu", "" + mtu, "up");
        var resources = new LinkResources(
                pool, drops, new EndpointTable(ENDPOINTS, EndpointTable.Key.random(new SecureRandom())), poller, System::nanoTime,
                (delay, then) -> {}, gate());
        Listener listener = new SocketListeners(libc, resources)
                .open(new ListenerClaim(Transport.UDP, local), Optional.empty(), Listener.Group.ALONE);
        this.link = (Link) listener;
        this.server = Objects.requireNonNull(
                listener.endpoint(new RemoteEnd(Transport.UDP, remote, local.getAddress(), local.getPort())));
        listener.resume(this, null);
        poller.add(this);
    }

    /** As long as the socket takes no more, packets wait in the device. */
    private LinkResources.Gate gate() {
        return new LinkResources.Gate() {
            @Override
            public void hold() {
                if (holds++ == 0) {
                    poller.remove(LoadTunnel.this);
                }
            }

            @Override
            public void release() {
                if (--holds == 0) {
                    try {
                        poller.add(LoadTunnel.this);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }
        };
    }

    private static void ip(String... words) throws IOException {
        var line = new java.util.ArrayList<>(List.of("ip"));
        line.addAll(List.of(words));
        try {
            if (new ProcessBuilder(line).inheritIO().start().waitFor() != 0) {
                throw new IOException("failed: " + String.join(" ", line));
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void run() {
        poller.begin();
        // Shows the server where this end is.
        ping();
        link.flush();
        boolean hot = false;
        while (true) {
            if (hot) {
                poller.pause(PAUSE_NS);
            }
            poller.await(hasMore() ? 0 : pingNs);
            round = 0;
            poller.dispatch();
            if (hasMore()) {
                readTun();
            }
            keepAlive();
            link.flush();
            tun.flush();
            hot = round >= HOT && round < ENOUGH;
        }
    }

    private void keepAlive() {
        long now = System.nanoTime();
        if (round > 0) {
            lastSentNs = now;
        } else if (now - lastSentNs >= pingNs) {
            lastSentNs = now;
            ping();
        }
    }

    private void ping() {
        PooledBuffer ping = pool.allocate();
        if (ping != null) {
            DataMessage.writePing(ping);
            send(ping);
        }
    }

    // ---- out

    @Override
    public int fd() {
        return tun.fd();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        readTun();
    }

    private boolean hasMore() {
        return holds == 0 && tun.hasMore();
    }

    private void readTun() {
        int count = tun.readBatch(pool, batch);
        for (int i = 0; i < count; i++) {
            PooledBuffer packet = batch[i];
            batch[i] = null;
            send(packet);
        }
        round += count;
    }

    private void send(PooledBuffer packet) {
        slot.seal(packet, true, peerId);
        link.send(packet, server);
    }

    // ---- in

    @Override
    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
        round++;
        if (datagram.length() > 0 && isData(datagram) && slot.open(datagram) == null && !DataMessage.isPing(datagram)) {
            tun.write(datagram);
        } else {
            datagram.release();
        }
    }

    private static boolean isData(PacketBuffer datagram) {
        return Opcode.isData(Opcode.of(datagram.segment().get(ValueLayout.JAVA_BYTE, datagram.offset())));
    }

    @Override
    public void onLinkClosed(LinkEndpoint endpoint, String why) {
        throw new IllegalStateException("a datagram link has no end: " + why);
    }
}
