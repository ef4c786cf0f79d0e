package io.culvert.auth.oidc;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The address that browsers reach. It opens when it can: while this version of the module takes the place of another
 * one, the address is still the other's, and is tried again for each login.
 *
 * <p>The JDK's server brings one thread for its sockets, which ends with it. Requests run on virtual threads, as many as
 * there are places and no longer than a deadline, so that who dawdles takes a place for a moment only.
 */
final class Listener implements AutoCloseable {
    private static final int PLACES = 64;
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final InetSocketAddress address;
    private final @Nullable SSLContext tls;
    private final HttpHandler handler;
    private final Semaphore places = new Semaphore(PLACES);
    private @Nullable HttpServer server;
    private boolean closed;

    /** @param tls null for HTTP */
    Listener(InetSocketAddress address, @Nullable SSLContext tls, HttpHandler handler) {
        this.address = address;
        this.tls = tls;
        this.handler = handler;
    }

    /** Does nothing when it is open. */
    synchronized void open() throws IOException {
        if (server != null) {
            return;
        }
        if (closed) {
            throw new IOException("auth.oidc leaves");
        }
        HttpServer fresh;
        try {
            probe();
            fresh = tls == null ? HttpServer.create(address, 0) : HttpsServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot listen on " + address.getAddress().getHostAddress() + ":" + address.getPort() + ": "
                    + e.getMessage(), e);
        }
        if (fresh instanceof HttpsServer secure && tls != null) {
            secure.setHttpsConfigurator(new HttpsConfigurator(tls));
        }
        fresh.createContext("/", handler);
        fresh.setExecutor(executor());
        fresh.start();
        server = fresh;
    }

    /** The JDK's server keeps the socket open for which it could not have the address. */
    private void probe() throws IOException {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(address);
        }
    }

    private Executor executor() {
        return request -> {
            if (!places.tryAcquire()) {
                // The server closes the connection.
                throw new RejectedExecutionException("all " + PLACES + " places are taken");
            }
            Thread thread = Thread.ofVirtual().name("auth-oidc").unstarted(() -> {
                try {
                    request.run();
                } finally {
                    places.release();
                }
            });
            thread.start();
            Thread.ofVirtual().name("auth-oidc-deadline").start(() -> {
                try {
                    // An interrupt closes the socket that the thread reads or writes.
                    if (!thread.join(DEADLINE)) {
                        thread.interrupt();
                    }
                } catch (InterruptedException _) {
                    thread.interrupt();
                }
            });
        };
    }

    synchronized boolean isOpen() {
        return server != null;
    }

    @Override
    public synchronized void close() {
        closed = true;
        HttpServer open = server;
        server = null;
        if (open != null) {
            open.stop(0);
        }
    }
}
