package io.culvert.tunnel.openvpn.control;

import io.culvert.api.packet.Outbox;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import io.culvert.api.tunnel.SessionHost;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Drives one TLS connection off the loop: one call at a time, in order, each answer back on the loop. What arrives
 * meanwhile waits, within a bound.
 */
final class TlsPump {
    /** More than a peer can have outstanding in its window. */
    private static final int MAX_WAITING_BYTES = 64 * 1024;

    /** What comes out. */
    interface Events {
        void onStep(TlsStep step, long nowNs, Outbox out);

        /** @param alert bytes for the peer, may be empty */
        void onFailure(String reason, byte[] alert, long nowNs, Outbox out);
    }

    /** Work that needs the engine to itself. */
    interface EngineWork<T> {
        T with(TlsEngine engine) throws Exception;
    }

    private record Job<T>(EngineWork<T> work, SessionHost.Completion<T> then) {}

    private final SessionHost host;
    private final Callable<TlsEngine> open;
    private final Events events;
    /** Absent when empty, as nearly always: sessions are many. */
    private @Nullable ByteArrayOutputStream received;

    private List<byte[]> messages = new ArrayList<>();
    private final ArrayDeque<Job<?>> jobs = new ArrayDeque<>(1);
    /** Made by the first job, so that choosing certificates does not happen on the loop. Confined to the jobs. */
    private @Nullable TlsEngine engine;

    /** Whose the engine is: the loop's when idle, the work's when busy. Closed is for ever. */
    private enum State {
        IDLE,
        BUSY,
        CLOSED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

    /** Until the end of the work has come back to the loop, so that ends come in order. */
    private boolean busy;

    TlsPump(SessionHost host, Callable<TlsEngine> open, Events events) {
        this.host = host;
        this.open = open;
        this.events = events;
    }

    /** TLS bytes of the peer, in order. False when the peer sends more than can wait. */
    boolean receive(byte[] bytes) {
        ByteArrayOutputStream waiting = received;
        if (waiting == null) {
            waiting = new ByteArrayOutputStream(bytes.length);
            received = waiting;
        }
        if (waiting.size() + bytes.length > MAX_WAITING_BYTES) {
            return false;
        }
        waiting.writeBytes(bytes);
        return true;
    }

    /** A message for the peer; leaves with the next {@link #pump} once the handshake is complete. */
    void send(byte[] message) {
        messages.add(message);
    }

    /** Runs {@code work} with the engine, after what was asked before. */
    <T> void run(EngineWork<T> work, SessionHost.Completion<T> then) {
        jobs.add(new Job<>(work, then));
        pump();
    }

    /** Whether nothing is under way and nothing waits. */
    boolean idle() {
        return !busy && messages.isEmpty() && received == null && jobs.isEmpty();
    }

    /** Starts the next piece of work if none is under way. */
    void pump() {
        if (busy || state.get() == State.CLOSED) {
            return;
        }
        ByteArrayOutputStream waiting = received;
        if (waiting != null || !messages.isEmpty()) {
            byte[] bytes = waiting == null ? new byte[0] : waiting.toByteArray();
            received = null;
            List<byte[]> batch = messages;
            messages = new ArrayList<>();
            start(new Job<>(e -> e.step(bytes, batch), this::onStep));
            return;
        }
        Job<?> job = jobs.poll();
        if (job != null) {
            start(job);
        }
    }

    private <T> void start(Job<T> job) {
        busy = true;
        state.set(State.BUSY);
        host.<T>compute(
                () -> {
                    try {
                        TlsEngine e = engine;
                        if (e == null) {
                            e = open.call();
                            engine = e;
                        }
                        return job.work.with(e);
                    } finally {
                        // A session that is closed hears of nothing any more: then it is for the work to clean up.
                        if (!state.compareAndSet(State.BUSY, State.IDLE)) {
                            closeEngine();
                        }
                    }
                },
                (value, error, nowNs, out) -> {
                    busy = false;
                    if (state.get() == State.CLOSED) {
                        return;
                    }
                    job.then.onCompletion(value, error, nowNs, out);
                    pump();
                });
    }

    private void onStep(@Nullable TlsStep step, @Nullable Throwable error, long nowNs, Outbox out) {
        if (step != null) {
            events.onStep(step, nowNs, out);
        } else if (error instanceof TlsException tls) {
            events.onFailure(String.valueOf(tls.getMessage()), tls.alert(), nowNs, out);
        } else {
            events.onFailure("tls engine failed: " + error, new byte[0], nowNs, out);
        }
    }

    void close() {
        if (state.getAndSet(State.CLOSED) == State.IDLE) {
            closeEngine();
        }
    }

    private void closeEngine() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
    }
}
