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
    /** Behind the name of a loop's socket: the one for strangers. */
    static final String DOOR = " door";

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
        boolean apart =
                !claim.transport().isStream() && steering.isPresent() && !steering.get().first().isEmpty();
        if (group.index() == 0 && !isLeft(claim, group.count(), apart)) {
            // The sockets of a group are in order: all of them, or none.
            estate.close(libc, claimName(claim));
        }
        String name = name(claim, group);
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
        ListenSocket door = left(name + DOOR);
        if (socket == null) {
            socket = ListenSocket.open(libc, claim, group.index() == 0 ? 0 : group.port(), apart || group.count() > 1);
            door = apart ? door(claim, socket) : null;
        }
        if (steering.isPresent() && (apart || group.index() > 0)) {
            SteeringProgram.attach(libc, socket.fd(), steering.get(), group);
        }
        return new UdpLink(libc, claim, socket, door, resources, udp());
    }

    private static String claimName(ListenerClaim claim) {
        return ListenSocket.describe(claim) + " ";
    }

    /** What the sockets of a loop are left under. */
    static String name(ListenerClaim claim, Listener.Group group) {
        return claimName(claim) + "loop " + group.index() + " of " + group.count();
    }

    private boolean isLeft(ListenerClaim claim, int count, boolean apart) {
        for (int i = 0; i < count; i++) {
            String name = name(claim, new Listener.Group(i, count, 0));
            if (!estate.has(name) || estate.has(name + DOOR) != apart) {
                return false;
            }
        }
        return true;
    }

    private @Nullable ListenSocket left(String name) throws IOException {
        OptionalInt fd = estate.descriptor(name);
        return fd.isPresent() ? ListenSocket.adopt(libc, fd.getAsInt()) : null;
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
