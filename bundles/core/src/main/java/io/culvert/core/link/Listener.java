package io.culvert.core.link;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.core.handover.Estate;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An open socket that a protocol asked for. It is made suspended.
 *
 * <p>A suspended listener keeps its socket and its connections, and reads nothing: what arrives waits in the kernel.
 * Threads: one packet loop.
 */
public interface Listener extends AutoCloseable {
    ListenerClaim claim();

    /** The local port, also when port 0 was claimed. */
    int port();

    /** Whether it was opened for datagrams that are steered so. */
    default boolean suits(Optional<Steering> steering) {
        return true;
    }

    /** Starts, or goes on, to deliver to {@code sink}; {@code framing} cuts streams, and is not asked for by UDP. */
    void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException;

    void suspend();

    /** The endpoint of a session that is being thawed, or null when its connection is gone. */
    @Nullable LinkEndpoint endpoint(RemoteEnd end);

    /** The same remote as this listener's own link sees it, when {@code from} came through a listener at the same claim. */
    default @Nullable LinkEndpoint endpoint(LinkEndpoint from) {
        return null;
    }

    /** Lets more than usual wait in the kernel while nobody reads, or as much as usual again. */
    default void room(boolean much) {}

    /**
     * Closes the listener, and leaves its sockets to the next core, which finds them by {@link Factory#open}. Only when
     * nothing else of the loop runs.
     */
    default void leave(Estate estate, Group group) {
        close();
    }

    @Override
    void close();

    /**
     * The loops that share a claim, each with a socket of its own. Sockets are opened in the order of the loops, all by
     * the time that traffic starts.
     *
     * @param index of the loop whose socket is opened
     * @param count how many loops open sockets at the claim
     * @param port that index 0 got; 0 for index 0 itself
     */
    record Group(int index, int count, int port) {
        /** One loop has the claim for itself. */
        public static final Group ALONE = new Group(0, 1, 0);

        public Group {
            if (index < 0 || index >= count || port < 0 || port > 0xffff) {
                throw new IllegalArgumentException("no loop " + index + " of " + count + " at port " + port);
            }
        }
    }

    /** Opens listeners. */
    interface Factory {
        /**
         * Opens the socket of one loop.
         *
         * @param steering where a datagram shows the loop that it is for; only a hint
         * @throws IOException with one clear line that names address, port, cause and remedy
         */
        Listener open(ListenerClaim claim, Optional<Steering> steering, Group group) throws IOException;
    }
}
