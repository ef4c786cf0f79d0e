package io.culvert.web.rest;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.web.rest.access.Guard;
import io.culvert.web.rest.certificate.Certificates;
import io.culvert.web.rest.server.ConsoleServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the server on a thread of its own, as nothing waits for a console, shows each new certificate without ending a
 * connection, and stops it all.
 */
final class Listening {
    private static final Logger LOG = LoggerFactory.getLogger(Listening.class);
    private static final Duration STARTED = Duration.ofSeconds(10);
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(15);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
    private static final Duration LOOK = Duration.ofMinutes(30);

    private final ConsoleServer server;
    private final CountDownLatch started = new CountDownLatch(1);
    private final Guard.Place place;
    private final Certificates certificates;
    private final Semaphore news = new Semaphore(0);
    private final Thread starting;

    /** Held while the server does something that an interrupt would leave half done. */
    private final Object step = new Object();

    /** Guarded by {@link #step}. */
    private boolean closing;

    private volatile @Nullable Thread renewing;

    /** @param begun lets tunnels come first */
    Listening(ConsoleServer server, Path socket, Begun begun, Guard.Place place, Certificates certificates) {
        this.server = server;
        this.place = place;
        this.certificates = certificates;
        starting = new Thread(() -> start(socket, begun), "web-start");
        starting.setDaemon(true);
        // Jetty finds its protocols through the thread's class loader.
        starting.setContextClassLoader(Listening.class.getClassLoader());
        starting.start();
    }

    private void start(Path socket, Begun begun) {
        try {
            begun.await();
            unlessClosing(server::start);
            unlessClosing(() -> server.openUnix(socket));
            if (place.port() > 0) {
                TlsPolicy.Identity identity = certificates.refresh();
                unlessClosing(() -> server.openTls(place.address(), place.port(), identity));
                LOG.info("web: listening on {} port {}", place.address(), server.port());
                renewing = Thread.ofVirtual().name("web-certificate").start(this::renew);
            }
        } catch (InterruptedException e) {
            // Stopped before it had begun.
        } catch (Exception e) {
            LOG.error("web: cannot listen on {} port {}, {}", place.address(), place.port(), e.getMessage());
        } finally {
            started.countDown();
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** An interrupted start of Jetty's would leave its selector open, and nobody would know it any more. */
    private void unlessClosing(Step next) throws Exception {
        synchronized (step) {
            if (closing) {
                throw new InterruptedException();
            }
            next.run();
        }
    }

    /** Another certificate may be there. */
    void lookAgain() {
        news.release();
    }

    private void renew() {
        try {
            while (true) {
                news.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                news.drainPermits();
                try {
                    certificates.refresh();
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    LOG.warn("web: the certificate cannot be renewed, {}", e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    /**
     * Gives up the ports at once, and the rest when the last call is answered.
     *
     * @param after runs when nobody is served any more
     */
    void close(Runnable after) {
        synchronized (step) {
            closing = true;
            starting.interrupt();
        }
        try {
            started.await(STARTED.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Thread looking = renewing;
        if (looking != null) {
            looking.interrupt();
        }
        server.closePorts();
        if (server.isBusy()) {
            // The call that changes the console's own settings, or updates it, is to be answered.
            Thread last = new Thread(
                    new FutureTask<>(
                            () -> {
                                finish();
                                after.run();
                            },
                            ""),
                    "web-stop");
            last.setDaemon(true);
            last.start();
        } else {
            server.close();
            after.run();
        }
    }

    private void finish() {
        long end = System.nanoTime() + LAST_ANSWERS.toNanos();
        try {
            while (server.isBusy() && System.nanoTime() < end) {
                Thread.sleep(LOOK_AGAIN);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.close();
    }
}
