package io.culvert.core.plug;

import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries the begin and the end of sessions from the packet loops to whoever listens, without holding up the loops. */
final class SessionNews {
    private static final Logger LOG = LoggerFactory.getLogger(SessionNews.class);
    private static final int WAITING = 8192;
    private static final long FLUSH_S = 3;

    private final Supplier<List<SessionListener>> listeners;
    private final AtomicLong lost = new AtomicLong();
    private final ExecutorService teller;

    SessionNews(Supplier<List<SessionListener>> listeners) {
        this.listeners = listeners;
        // One thread, for the order; it ends when there is nothing to tell.
        var threads = new ThreadPoolExecutor(
                1, 1, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING),
                Thread.ofVirtual().name("culvert-news").factory(),
                (news, executor) -> {
                    if (lost.getAndIncrement() == 0) {
                        LOG.warn("core: more than {} sessions began or ended and are not told of yet: the next are lost",
                                WAITING);
                    }
                });
        threads.allowCoreThreadTimeOut(true);
        this.teller = threads;
    }

    void started(SessionStatus session) {
        tell(listener -> listener.started(session));
    }

    void ended(SessionStatus session, CloseCause cause) {
        tell(listener -> listener.ended(session, cause));
    }

    private void tell(Consumer<SessionListener> news) {
        if (listeners.get().isEmpty()) {
            return;
        }
        teller.execute(() -> {
            for (SessionListener listener : listeners.get()) {
                try {
                    news.accept(listener);
                } catch (RuntimeException | LinkageError e) {
                    LOG.warn("core: session listener {} failed", listener.getClass().getName(), e);
                }
            }
        });
    }

    /** Tells what is left, for a while. */
    void close() {
        teller.shutdown();
        try {
            if (!teller.awaitTermination(FLUSH_S, TimeUnit.SECONDS)) {
                teller.shutdownNow();
            }
        } catch (InterruptedException e) {
            teller.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
