package io.culvert.web.rest;

import io.culvert.web.rest.server.ConsoleServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the server on a thread of its own, as nothing waits for a console, and stops it. */
final class Listening implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);
    private static final Duration STARTED = Duration.ofSeconds(10);

    private final ConsoleServer server;
    private final CountDownLatch started = new CountDownLatch(1);

    /** Where to listen; port 0 for nowhere but at the socket. */
    record Place(String address, int port, List<String> names) {}

    Listening(ConsoleServer server, Path socket, Place place, ConsoleIdentity identity) {
        this.server = server;
        Thread starting = new Thread(() -> start(socket, place, identity), "web-start");
        starting.setDaemon(true);
        // Jetty finds its protocols through the thread's class loader.
        starting.setContextClassLoader(Listening.class.getClassLoader());
        starting.start();
    }

    private void start(Path socket, Place place, ConsoleIdentity identity) {
        try {
            server.start();
            server.openUnix(socket);
            if (place.port() > 0) {
                server.openTls(place.address(), place.port(), identity.own(place.names()));
                LOG.info("web: listening on {} port {}", place.address(), server.port());
            }
        } catch (Exception e) {
            LOG.error("web: cannot listen on {} port {}, {}", place.address(), place.port(), e.getMessage());
        } finally {
            started.countDown();
        }
    }

    void await() throws InterruptedException {
        started.await(STARTED.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        try {
            await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.close();
    }
}
