package io.culvert.web.rest.server;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.AuditTrail;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.jspecify.annotations.Nullable;

/** Jetty with a TLS connector that can be exchanged while it runs, and one for the Unix socket. */
public final class ConsoleServer implements AutoCloseable {
    private static final int CONNECTIONS = 512;
    private static final int CONNECTIONS_EACH = 64;
    private static final int HEADER_BYTES = 16 << 10;
    private static final Duration IDLE = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(2);
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);
    private static final String[] SUITES = {
        "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    };

    private final Server server;
    private final SlowClients slow;
    private final Door door;
    private final AtomicLong generation = new AtomicLong();
    private @Nullable ServerConnector tls;

    /** @param patience how long a client may take over what is to come at once */
    public ConsoleServer(
            EndpointTable table, StaticFiles files, Gate gate, AuditTrail audit, Json json, Duration patience) {
        Thread here = Thread.currentThread();
        ClassLoader before = here.getContextClassLoader();
        // Jetty finds its protocols and their encoders through the thread's class loader.
        here.setContextClassLoader(ConsoleServer.class.getClassLoader());
        try {
            Class.forName(PreEncodedHttpField.class.getName(), true, ConsoleServer.class.getClassLoader());
            server = server();
            slow = new SlowClients(server.getScheduler(), patience);
            server.addBean(slow);
            server.setErrorHandler(new Failures(json));
            door = new Door(table, files, gate, audit, json, slow);
            server.setHandler(door);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        } finally {
            here.setContextClassLoader(before);
        }
    }

    private static Server server() {
        var threads = new QueuedThreadPool(16, 4, 30_000);
        threads.setName("web");
        threads.setDaemon(true);
        threads.setReservedThreads(0);
        threads.setVirtualThreadsExecutor(VirtualThreads.getNamedVirtualThreadsExecutor("web-"));
        var server = new Server(threads, new ScheduledExecutorScheduler("web-timer", true), null);
        server.setStopAtShutdown(false);
        server.setStopTimeout(0);
        return server;
    }

    /** Starts without a connector. */
    public void start() throws Exception {
        server.start();
    }

    public void openUnix(Path socket) throws Exception {
        var connector = new UnixConnector(server, socket, new HttpConnectionFactory(http()));
        connector.setName(Door.LOCAL);
        connector.setIdleTimeout(IDLE.toMillis());
        server.addConnector(connector);
        connector.start();
    }

    /**
     * Takes connections at another place, or with another certificate, and no longer at the one before, whose
     * connections end. When the new place cannot be had, the old one stays.
     *
     * @param address literal or name; port 0 for any
     * @return what {@link #generation} tells of requests that come this way
     */
    public synchronized long openTls(String address, int port, TlsPolicy.Identity identity) throws Exception {
        ServerConnector next = connector(address, port, identity);
        ServerConnector old = tls;
        boolean samePort = old != null && port != 0 && old.getPort() == port;
        if (samePort) {
            close(old);
        }
        try {
            next.open();
        } catch (Exception e) {
            if (samePort && old != null) {
                old.start();
                server.addConnector(old);
            }
            throw e;
        }
        server.addConnector(next);
        next.start();
        tls = next;
        if (old != null && !samePort) {
            close(old);
        }
        return generation.get();
    }

    private ServerConnector connector(String address, int port, TlsPolicy.Identity identity) throws Exception {
        var context = new SslContextFactory.Server();
        context.setKeyStore(Identity.keyStore(identity));
        context.setKeyStorePassword("");
        context.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        context.setExcludeProtocols();
        context.setExcludeCipherSuites();
        context.setIncludeCipherSuites(SUITES);
        context.setUseCipherSuitesOrder(true);
        // Refused either way. The JDK, where it was told to, says so in an alert; Jetty would only hang up.
        context.setRenegotiationAllowed(Boolean.getBoolean("jdk.tls.rejectClientInitiatedRenegotiation"));
        context.setSniRequired(false);
        HttpConfiguration http = http();
        // Reached by address as often as by name; what guards sessions is checked against the Host header.
        http.addCustomizer(new SecureRequestCustomizer(false));
        var h2 = new HTTP2ServerConnectionFactory(http);
        h2.setMaxConcurrentStreams(32);
        var h1 = new HttpConnectionFactory(http);
        var alpn = new ALPNServerConnectionFactory("h2", "http/1.1");
        alpn.setDefaultProtocol("http/1.1");
        var connector = new ServerConnector(
                server, null, null, null, 1, 1, new SslConnectionFactory(context, alpn.getProtocol()), alpn, h2, h1);
        connector.setName("tls-" + generation.incrementAndGet());
        connector.setHost(address.equals("::") || address.equals("*") ? null : address);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE.toMillis());
        connector.setAcceptQueueSize(128);
        connector.addBean(slow, false);
        connector.addBean(new Crowds(CONNECTIONS_EACH));
        connector.addBean(new NetworkConnectionLimit(CONNECTIONS, connector));
        return connector;
    }

    /** Another certificate for connections to come. */
    public synchronized void show(TlsPolicy.Identity identity) throws Exception {
        if (tls != null) {
            var keys = Identity.keyStore(identity);
            tls.getConnectionFactory(SslConnectionFactory.class)
                    .getSslContextFactory()
                    .reload(factory -> factory.setKeyStore(keys));
        }
    }

    /**
     * Has every browser connect anew, so that it sees the certificate that is shown by now: ends the connections that
     * there are once {@code after} has passed, in which answers that are under way arrive.
     */
    public synchronized void reconnect(Duration after) {
        if (tls != null) {
            var present = List.copyOf(tls.getConnectedEndPoints());
            var timer = server.getScheduler();
            timer.schedule(() -> present.forEach(ConsoleServer::end), after.toMillis(), TimeUnit.MILLISECONDS);
            // A call that came in just then would wait for an answer that cannot come any more.
            timer.schedule(
                    () -> present.forEach(EndPoint::close), after.plus(LAST_WORDS).toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static void end(EndPoint each) {
        Connection connection = each.getConnection();
        if (connection != null) {
            connection.close();
        }
    }

    private static HttpConfiguration http() {
        var http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setResponseHeaderSize(HEADER_BYTES);
        http.setUriCompliance(UriCompliance.UNSAFE);
        return http;
    }

    private void close(@Nullable ServerConnector connector) throws Exception {
        if (connector != null) {
            server.removeConnector(connector);
            connector.stop();
        }
    }

    /** The port of the TLS connector; -1 when there is none. */
    public synchronized int port() {
        return tls == null ? -1 : tls.getLocalPort();
    }

    /** Takes no more connections; whoever comes next can have the port. Those that there are go on. */
    public synchronized void closePorts() {
        for (var connector : server.getConnectors()) {
            if (connector instanceof ServerConnector open) {
                open.close();
            }
        }
    }

    /** Whether somebody waits for an answer. */
    public boolean isBusy() {
        return door.running() > 0;
    }

    /** Ends every connection. */
    @Override
    public synchronized void close() {
        try {
            server.stop();
        } catch (Exception e) {
            org.slf4j.LoggerFactory.getLogger(ConsoleServer.class).warn("web: did not stop in order, {}", e.toString());
        }
        server.destroy();
    }
}
