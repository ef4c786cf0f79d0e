package io.culvert.core.link;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.core.libc.Libc;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens real sockets. */
public final class SocketListeners implements Listener.Factory {
    private static final AtomicInteger IDS = new AtomicInteger();

    private final Libc libc;
    private final LinkResources resources;

    public SocketListeners(Libc libc, LinkResources resources) {
        this.libc = libc;
        this.resources = resources;
    }

    @Override
    public Listener open(ListenerClaim claim) throws IOException {
        ListenSocket socket = ListenSocket.open(libc, claim);
        int id = IDS.incrementAndGet();
        return claim.transport().isStream()
                ? new TcpListener(libc, claim, socket, id, resources)
                : new UdpLink(libc, claim, socket, id, resources);
    }
}
