package io.culvert.web.rest.server;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;

/** Gives one source so many connections, so that it cannot take all of those that there are for everybody. */
final class Crowds implements Connection.Listener {
    private final int most;
    private final Map<String, Integer> open = new HashMap<>();
    private final Map<Connection, String> sources = new HashMap<>();

    Crowds(int most) {
        this.most = most;
    }

    /** Of the connections at one end point only TLS stays from the first byte to the last. */
    @Override
    public void onOpened(Connection connection) {
        if (connection instanceof SslConnection
                && connection.getEndPoint().getRemoteSocketAddress() instanceof InetSocketAddress remote
                && !take(connection, Source.of(remote.getAddress()))) {
            connection.getEndPoint().close();
        }
    }

    private synchronized boolean take(Connection connection, String source) {
        sources.put(connection, source);
        return open.merge(source, 1, Integer::sum) <= most;
    }

    @Override
    public synchronized void onClosed(Connection connection) {
        String source = sources.remove(connection);
        if (source != null) {
            open.computeIfPresent(source, (_, count) -> count > 1 ? count - 1 : null);
        }
    }
}
