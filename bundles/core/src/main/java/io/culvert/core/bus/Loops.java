package io.culvert.core.bus;

import io.culvert.api.tunnel.CloseCause;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The packet loops, their threads, and how they are asked: a question runs on its loop between two rounds.
 *
 * <p>Threads: any but a packet loop. Only {@link #await} and {@link #end()} block.
 */
final class Loops {
    private static final long ANSWER_DEADLINE_S = 10;

    private final List<PacketLoop> loops;
    private volatile List<Thread> threads = List.of();
    private volatile boolean stopped;

    Loops(List<PacketLoop> loops) {
        this.loops = List.copyOf(loops);
    }

    List<PacketLoop> all() {
        return loops;
    }

    int count() {
        return loops.size();
    }

    /** Whether {@link #end()} was called: no question is answered any more. */
    boolean stopped() {
        return stopped;
    }

    /** Whether a thread outlived {@link #end()}. */
    boolean hangs() {
        return threads.stream().anyMatch(Thread::isAlive);
    }

    /**
     * Starts a thread for each loop.
     *
     * @param first what each of them does before all else
     */
    void start(Runnable first) {
        List<Thread> started = new ArrayList<>();
        for (PacketLoop loop : loops) {
            Thread runner = new Thread(
                    EndedThread.forgetting(() -> {
                        first.run();
                        loop.run();
                    }),
                    "culvert-loop-" + loop.index());
            started.add(runner);
            runner.start();
        }
        threads = List.copyOf(started);
    }

    /** One round of every loop on the calling thread, without waiting. Not after {@link #start}. */
    void step() {
        loops.forEach(PacketLoop::step);
    }

    /** Ends the threads; waits for them, but not for ever. */
    void end() {
        stopped = true;
        List<Thread> running = threads;
        if (!running.isEmpty()) {
            loops.forEach(PacketLoop::stop);
            try {
                for (Thread runner : running) {
                    runner.join(TimeUnit.SECONDS.toMillis(ANSWER_DEADLINE_S));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Asks one loop. */
    <T> CompletionStage<T> on(int index, Function<LoopProtocols, T> question) {
        var answer = new CompletableFuture<T>();
        if (stopped) {
            answer.completeExceptionally(new IllegalStateException("the packet bus has stopped"));
            return answer;
        }
        PacketLoop loop = loops.get(index);
        loop.commands.post(() -> {
            try {
                answer.complete(question.apply(loop.protocols()));
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        });
        return answer;
    }

    /** Asks all loops at once; completes with their answers in order. */
    <T> CompletionStage<List<T>> onEach(Function<LoopProtocols, T> question) {
        List<CompletionStage<T>> answers = new ArrayList<>();
        for (int i = 0; i < loops.size(); i++) {
            answers.add(on(i, question));
        }
        return all(answers);
    }

    /** Tells all loops at once. */
    CompletionStage<@Nullable Void> everywhere(Consumer<LoopProtocols> what) {
        return onEach(there -> {
            what.accept(there);
            return true;
        }).thenApply(done -> null);
    }

    /** Visits every session, a few at a time, so that no packet waits for all of them. */
    CompletionStage<@Nullable Void> eachSession(Chunks.Step what) {
        return onEach(there -> there.each(what)).thenCompose(Loops::all).thenApply(done -> null);
    }

    /** Ends the sessions that {@code which} picks, and tells their peers; completes when they are gone. */
    CompletionStage<@Nullable Void> endSessions(Predicate<LoopSession> which, CloseCause cause) {
        return onEach(there -> there.end(which, cause)).thenCompose(Loops::all).thenApply(gone -> null);
    }

    /**
     * Leaves outbound packets of every loop in the kernel; completes when all loops do.
     *
     * @return what ends it, on any thread; it ends by itself when the time is over
     */
    CompletionStage<Runnable> holdTuns(long atMostNs) {
        return onEach(there -> there.hold(atMostNs)).thenApply(releases -> () -> releases.forEach(Runnable::run));
    }

    /** Completes when all of them have, with what they completed with, in order. */
    static <T> CompletionStage<List<T>> all(List<? extends CompletionStage<T>> stages) {
        List<CompletableFuture<T>> futures =
                stages.stream().map(CompletionStage::toCompletableFuture).toList();
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .thenApply(done -> futures.stream().map(CompletableFuture::join).toList());
    }

    /**
     * Waits for loops' answers.
     *
     * @throws IllegalStateException when a loop failed, or answered nothing in {@value #ANSWER_DEADLINE_S} s
     */
    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(ANSWER_DEADLINE_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the packet loop failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the packet loop did not answer within " + ANSWER_DEADLINE_S + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the packet loop was asked", e);
        }
    }
}
