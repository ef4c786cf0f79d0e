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
 */
record UdpSockets(ListenSocket sessions, @Nullable ListenSocket strangers, @Nullable ListenSocket keepalives) {
    /** Behind the name of a loop's socket in an estate: the one for strangers. */
    static final String STRANGERS = " door";

    static final String KEEPALIVES = " keepalives";

    /** Behind it where the group has sockets for keepalives, so that a core which knows of none takes no other either. */
    private static final String WITH_KEEPALIVES = " with keepalives";

    /** What the sockets of a loop are left under. */
    static String name(String loop, boolean keepalives) {
        return keepalives ? loop + WITH_KEEPALIVES : loop;
    }

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

    void leave(Estate estate, String loop) {
        String name = name(loop, keepalives != null);
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
