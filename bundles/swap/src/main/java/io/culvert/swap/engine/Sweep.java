package io.culvert.swap.engine;

import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects what modules left in the memory that were exchanged, classes and compiled code, when hardly a packet would wait
 * for it: that stops every thread for a tenth of a second or two. Under traffic that never rests nothing is collected
 * here, and the JVM does it when much has gathered.
 *
 * <p>Threads: any; one of its own while there is something to collect.
 */
final class Sweep implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    /** Packets of both directions between two looks that may wait: a keepalive here and there. */
    private static final long FEW = 100;

    private final Supplier<Optional<PathWatch>> path;
    private final Runnable collection;
    private final Duration look;
    private @Nullable Thread thread;
    private boolean again;
    private boolean closed;

    /**
     * @param collection of the whole heap
     * @param look how long the path has to rest
     */
    Sweep(Supplier<Optional<PathWatch>> path, Runnable collection, Duration look) {
        this.path = path;
        this.collection = collection;
        this.look = look;
    }

    /**
     * A module was exchanged: what is left of it goes when the path rests, counted from now. Nothing happens after
     * {@link #close}: the last change may end later than that.
     */
    synchronized void due() {
        if (closed) {
            return;
        }
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("culvert-sweep").start(this::await);
        } else {
            again = true;
        }
    }

    private void await() {
        try {
            do {
                awaitRest();
                collection.run();
                LOG.debug("swap: collected what exchanged modules left");
            } while (wasAskedAgain());
        } catch (InterruptedException e) {
            // It closes.
        }
    }

    private void awaitRest() throws InterruptedException {
        PathStatus before;
        PathStatus after;
        do {
            before = status();
            Thread.sleep(look);
            after = status();
        } while (takeAgain() || !rested(before, after));
    }

    private synchronized boolean takeAgain() {
        boolean was = again;
        again = false;
        return was;
    }

    /** Ends the thread unless a module was exchanged while it collected. */
    private synchronized boolean wasAskedAgain() {
        boolean was = takeAgain();
        if (!was) {
            thread = null;
        }
        return was;
    }

    private PathStatus status() {
        return path.get().map(PathWatch::path).orElse(PathStatus.NONE);
    }

    /** Counters that went back are another core's. */
    private static boolean rested(PathStatus before, PathStatus after) {
        long packets = packets(after) - packets(before);
        return packets >= 0 && packets <= FEW;
    }

    private static long packets(PathStatus status) {
        PathStatus.Traffic traffic = status.traffic();
        return traffic.packetsIn() + traffic.packetsOut();
    }

    @Override
    public void close() {
        Thread sweeping;
        synchronized (this) {
            closed = true;
            sweeping = thread;
        }
        if (sweeping != null) {
            sweeping.interrupt();
            try {
                sweeping.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
