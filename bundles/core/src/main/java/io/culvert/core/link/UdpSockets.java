package io.culvert.core.link;

import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Libc;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of one loop at a claim, which the kernel picks from by a {@link SteeringProgram}.
 *
 * @param sessions what no other is for; answers to all leave through it
 * @param strangers for datagrams that begin sessions; null when they come to {@code sessions}
 * @param keepalives null when they come to {@code sessions}
 * @param steered whether the kernel has the program; without it a datagram may come to any of them
 */
record UdpSockets(
        ListenSocket sessions, @Nullable ListenSocket strangers, @Nullable ListenSocket keepalives, boolean steered) {
    /** Behind the name of a loop's socket in an estate: the one for strangers. */
    static final String STRANGERS = " door";

    static final String KEEPALIVES = " keepalives";

    private void each(Consumer<ListenSocket> then) {
        then.accept(sessions);
        if (strangers != null) {
            then.accept(strangers);
        }
        if (keepalives != null) {
            then.accept(keepalives);
        }
    }

    void room(Libc libc, boolean much) {
        each(socket -> socket.room(libc, much));
    }

    void leave(Estate estate, String name) {
        estate.leave(name, sessions.fd());
        if (strangers != null) {
            estate.leave(name + STRANGERS, strangers.fd());
        }
        if (keepalives != null) {
            estate.leave(name + KEEPALIVES, keepalives.fd());
        }
    }

    void close(Libc libc) {
        each(socket -> libc.closeQuietly(socket.fd()));
    }
}
