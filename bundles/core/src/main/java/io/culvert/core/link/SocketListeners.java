package io.culvert.core.link;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Libc;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Opens real sockets, for one packet loop. */
public final class SocketListeners implements Listener.Factory {
    private final Libc libc;
    private final LinkResources resources;
    private final Estate estate;
    private @Nullable UdpBatches udp;
    private @Nullable TcpMemory tcp;

    public SocketListeners(Libc libc, LinkResources resources) {
        this(libc, resources, new Estate());
    }

    /** @param estate what the core before has left: its sockets are taken where they fit */
    public SocketListeners(Libc libc, LinkResources resources, Estate estate) {
        this.libc = libc;
        this.resources = resources;
        this.estate = estate;
    }

    @Override
    public Listener open(ListenerClaim claim, Optional<Steering> steering, Listener.Group group) throws IOException {
        boolean datagrams = !claim.transport().isStream();
        boolean strangers = datagrams && steering.isPresent() && !steering.get().first().isEmpty();
        boolean keepalives = datagrams && steering.isPresent() && steering.get().keepaliveBytes() > 0;
        if (group.index() == 0 && !isLeft(claim, group.count(), strangers, keepalives)) {
            // The sockets of a group are in order: all of them, or none.
            estate.close(libc, claimName(claim));
        }
        String name = UdpSockets.name(name(claim, group), keepalives);
        if (claim.transport().isStream()) {
            ListenSocket left = left(name);
            var listener = new TcpListener(
                    libc, claim, left != null ? left : ListenSocket.open(libc, claim, group), resources, tcp());
            if (left != null) {
                listener.adopt(estate, name);
            }
            return listener;
        }
        ListenSocket socket = left(name);
        ListenSocket second = left(name + UdpSockets.STRANGERS);
        ListenSocket third = left(name + UdpSockets.KEEPALIVES);
        if (socket == null) {
            boolean others = strangers || keepalives || group.count() > 1;
            socket = ListenSocket.open(libc, claim, group.index() == 0 ? 0 : group.port(), others);
            second = strangers ? another(claim, socket, null) : null;
            third = keepalives ? another(claim, socket, second) : null;
        }
        boolean steered = steering.isPresent() && (strangers || keepalives || group.index() > 0)
                && SteeringProgram.attach(libc, socket.fd(), steering.get(), group);
        int longestKeepalive = steered ? steering.get().keepaliveBytes() : 0;
        var sockets = new UdpSockets(socket, second, third);
        return new UdpLink(libc, claim, steering, sockets, longestKeepalive, resources, udp());
    }

    private static String claimName(ListenerClaim claim) {
        return ListenSocket.describe(claim) + " ";
    }

    /** Of a loop's sockets. */
    static String name(ListenerClaim claim, Listener.Group group) {
        return claimName(claim) + "loop " + group.index() + " of " + group.count();
    }

    private boolean isLeft(ListenerClaim claim, int count, boolean strangers, boolean keepalives) {
        for (int i = 0; i < count; i++) {
            String name = UdpSockets.name(name(claim, new Listener.Group(i, count, 0)), keepalives);
            if (!estate.has(name) || estate.has(name + UdpSockets.STRANGERS) != strangers
                    || estate.has(name + UdpSockets.KEEPALIVES) != keepalives) {
                return false;
            }
        }
        return true;
    }

    private @Nullable ListenSocket left(String name) throws IOException {
        OptionalInt fd = estate.descriptor(name);
        return fd.isPresent() ? ListenSocket.adopt(libc, fd.getAsInt()) : null;
    }

    /** One more socket of the same loop, opened right behind the others of it. */
    private ListenSocket another(ListenerClaim claim, ListenSocket first, @Nullable ListenSocket second)
            throws IOException {
        try {
            return ListenSocket.open(libc, claim, first.port(), true);
        } catch (IOException e) {
            new UdpSockets(first, second, null).close(libc);
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
