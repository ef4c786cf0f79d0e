package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.host.HostLoad.Sample;
import io.culvert.core.libc.FfmLibc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HandshakeThreadsTest {
    /** Takes two thirds of a second and more at the slowest pace of one core. */
    private static final int MANY = 11;

    private final HandshakeThreads threads = HandshakeThreads.start(new FfmLibc(), 1, 2, Optional::empty);

    @AfterEach
    void close() {
        threads.close();
    }

    @Test
    void shouldRunBelowThePacketLoops() throws Exception {
        var nice = new CompletableFuture<Integer>();
        var thread = new CompletableFuture<Thread>();
        assertTrue(threads.submit(
                () -> {
                    thread.complete(Thread.currentThread());
                    nice.complete(nice());
                },
                false));
        assertEquals(19, nice.get(10, TimeUnit.SECONDS));
        assertEquals("culvert-tls-0", thread.join().getName());
        assertTrue(thread.join().isDaemon());
    }

    @Test
    void shouldRefuseNewWorkWhenMuchWaits() throws Exception {
        var held = new CountDownLatch(1);
        var begun = new CountDownLatch(1);
        var done = new CountDownLatch(3);
        threads.submit(
                () -> {
                    begun.countDown();
                    await(held);
                },
                false);
        await(begun);
        assertTrue(threads.submit(done::countDown, false));
        assertTrue(threads.submit(done::countDown, false));
        assertFalse(threads.submit(done::countDown, false));
        assertTrue(threads.submit(done::countDown, true));
        assertEquals(3, threads.status().get("waiting"));
        assertEquals(1L, threads.status().get("refused"));
        held.countDown();
        await(done);
    }

    @Test
    void shouldGoOnWithWhatHasBegunBeforeItBeginsMore() throws Exception {
        // So long that hardly any began in a second.
        var scarce = Optional.of(new Sample(0, 1e8, 1e9));
        try (var paced = HandshakeThreads.start(new FfmLibc(), 1, 1_000, () -> scarce)) {
            awaitLimit(paced);
            assertEquals(HandshakePace.FLOOR, paced.status().get("perSecond"));
            var order = new ConcurrentLinkedQueue<String>();
            var done = new CountDownLatch(MANY + 1);
            long beganNs = System.nanoTime();
            for (int i = 0; i < MANY; i++) {
                paced.submit(() -> {
                    order.add("new");
                    done.countDown();
                }, false);
            }
            paced.submit(() -> {
                order.add("begun");
                done.countDown();
            }, true);
            await(done);
            long tookNs = System.nanoTime() - beganNs;
            var ended = List.copyOf(order);
            assertTrue(ended.indexOf("begun") < MANY / 2, ended.toString());
            assertTrue(tookNs >= (MANY - 1) * 1_000_000_000L / HandshakePace.FLOOR, tookNs + " ns");
            assertEquals(0, paced.status().get("waiting"));
        }
    }

    @Test
    void shouldGoOnWhenTheLoadCannotBeRead() throws Exception {
        try (var blind = HandshakeThreads.start(new FfmLibc(), 1, 1_000, () -> {
            throw new IllegalStateException("no /proc");
        })) {
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(600);
            while (System.nanoTime() < until) {
                var done = new CountDownLatch(1);
                assertTrue(blind.submit(done::countDown, false));
                await(done);
            }
            assertFalse(blind.status().containsKey("perSecond"));
        }
    }

    private static void awaitLimit(HandshakeThreads paced) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!paced.status().containsKey("perSecond") && System.nanoTime() < until) {
            var looked = new CountDownLatch(1);
            assertTrue(paced.submit(looked::countDown, false));
            await(looked);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The nice value of the calling thread: field 19 of its stat, counted behind the name in parentheses. */
    private static int nice() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
