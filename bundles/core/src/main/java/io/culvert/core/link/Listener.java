package io.culvert.core.link;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import java.io.IOException;
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

    /** Starts, or goes on, to deliver to {@code sink}; {@code framing} cuts streams, and is not asked for by UDP. */
    void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException;

    void suspend();

    /** The endpoint of a session that is being thawed, or null when its connection is gone. */
    @Nullable LinkEndpoint endpoint(RemoteEnd end);

    /** The same remote as this listener's own link sees it, when {@code from} came through a listener at the same claim. */
    default @Nullable LinkEndpoint endpoint(LinkEndpoint from) {
        return null;
    }

    @Override
    void close();

    /** Opens listeners. */
    interface Factory {
        /**
         * @throws IOException with one clear line that names address, port, cause and remedy
         */
        Listener open(ListenerClaim claim) throws IOException;
    }
}
