package io.culvert.core.bus;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Does something with many sessions of a loop, a few at a time, so that packets move in between. Threads: the loop.
 */
final class Chunks {
    /** Of a chunk: no packet waits longer for it, by much. */
    static final long BUDGET_NS = 250_000;

    private static final long NEXT_ROUND_NS = 1_000_000;
    private static final long LATER_NS = 20_000_000;

    /** What is done with a session. */
    interface Step {
        /** False when the session is to be asked again later. */
        boolean on(LoopSession session);
    }

    private final PacketLoop loop;
    private final Step step;
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private ArrayDeque<LoopSession> due;
    private ArrayDeque<LoopSession> later = new ArrayDeque<>();

    private Chunks(PacketLoop loop, Collection<LoopSession> sessions, Step step) {
        this.loop = loop;
        this.due = new ArrayDeque<>(sessions);
        this.step = step;
    }

    /** Completes, on the loop, when every session is done with or closed. */
    static CompletionStage<Boolean> of(PacketLoop loop, Collection<LoopSession> sessions, Step step) {
        var chunks = new Chunks(loop, sessions, step);
        chunks.next();
        return chunks.done;
    }

    private void next() {
        long begun = loop.clockNs();
        while (!due.isEmpty()) {
            LoopSession session = due.poll();
            if (!session.isClosed() && !step.on(session)) {
                later.add(session);
            }
            if (loop.clockNs() - begun >= BUDGET_NS) {
                break;
            }
        }
        if (!due.isEmpty()) {
            loop.after(NEXT_ROUND_NS, this::next);
        } else if (!later.isEmpty()) {
            ArrayDeque<LoopSession> again = later;
            later = due;
            due = again;
            loop.after(LATER_NS, this::next);
        } else {
            done.complete(true);
        }
    }
}
