package io.culvert.core.link;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.core.libc.Libc;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens real sockets, for one packet loop. */
public final class SocketListeners implements Listener.Factory {
    private final Libc libc;
    private final LinkResources resources;
    private @Nullable UdpBatches udp;
    private @Nullable TcpMemory tcp;

    public SocketListeners(Libc libc, LinkResources resources) {
        this.libc = libc;
        this.resources = resources;
    }

    @Override
    public Listener open(ListenerClaim claim, Optional<Steering> steering, Listener.Group group) throws IOException {
        if (claim.transport().isStream()) {
            return new TcpListener(libc, claim, ListenSocket.open(libc, claim, group), resources, tcp());
        }
        boolean apart = steering.isPresent() && !steering.get().first().isEmpty();
        ListenSocket socket =
                ListenSocket.open(libc, claim, group.index() == 0 ? 0 : group.port(), apart || group.count() > 1);
        ListenSocket door = apart ? door(claim, socket) : null;
        if (steering.isPresent() && (apart || group.index() > 0)) {
            SteeringProgram.attach(libc, socket.fd(), steering.get(), group);
        }
        return new UdpLink(libc, claim, socket, door, resources, udp());
    }

    /** The socket for strangers, which must be opened right behind that of the same loop. */
    private ListenSocket door(ListenerClaim claim, ListenSocket behind) throws IOException {
        try {
            return ListenSocket.open(libc, claim, behind.port(), true);
        } catch (IOException e) {
            libc.closeQuietly(behind.fd());
            throw e;
        }
    }

    private UdpBatches udp() {
        UdpBatches made = udp;
        if (made == null) {
            made = new UdpBatches();
            udp = made;
        }
        return made;
    }

    private TcpMemory tcp() {
        TcpMemory made = tcp;
        if (made == null) {
            made = new TcpMemory(resources.pool().bufferBytes() - resources.pool().headroomBytes());
            tcp = made;
        }
        return made;
    }
}
