package io.culvert.log.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutletTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path home;

    private final LinkedBlockingQueue<String> said = new LinkedBlockingQueue<>();

    private Outlet outlet(int entries) {
        return new Outlet(
                "far", new Outlet.Limits(entries, 1 << 20, home), InstantSource.system(), new Outlet.Observer() {
                    @Override
                    public void away(String sink, String problem) {
                        said.add("away");
                    }

                    @Override
                    public void back(String sink, Duration away, long lost) {
                        said.add("back, lost " + lost);
                    }
                });
    }

    private static LogRecord entry(long sequence) {
        return new LogRecord(
                sequence, Instant.EPOCH, LogRecord.Level.INFO, "m", "l", "t", "entry " + sequence, Optional.empty(), "r");
    }

    private static void accept(Outlet outlet, int from, int until) {
        IntStream.range(from, until).forEach(i -> outlet.accept(entry(i)));
    }

    private static List<Long> numbers(long from, long until) {
        return LongStream.range(from, until).boxed().toList();
    }

    /** A far end that can be away, or hang. */
    private static class FarEnd implements LogSink {
        final List<Long> got = new ArrayList<>();
        final boolean durable;
        volatile boolean away;
        final LinkedBlockingQueue<Long> attempts = new LinkedBlockingQueue<>();

        FarEnd(boolean durable) {
            this.durable = durable;
        }

        @Override
        public String name() {
            return "far";
        }

        @Override
        public boolean durable() {
            return durable;
        }

        @Override
        public void write(List<LogRecord> entries) throws Exception {
            attempts.add(System.nanoTime());
            if (away) {
                throw new IOException("connection refused");
            }
            synchronized (got) {
                entries.forEach(entry -> got.add(entry.sequence()));
            }
        }

        List<Long> got() {
            synchronized (got) {
                return List.copyOf(got);
            }
        }
    }

    private static long status(Outlet outlet, String key) {
        return ((Number) outlet.status().get(key)).longValue();
    }

    @Test
    void shouldGoOnWithTheNextSinkWhereTheLastStopped() {
        var outlet = outlet(5000);
        var old = new FarEnd(false);
        outlet.add(old, LogRecord.Level.INFO);
        accept(outlet, 0, 100);
        outlet.remove(old);
        accept(outlet, 100, 1000);
        assertEquals("absent", outlet.status().get("state"));
        var next = new FarEnd(false);
        outlet.add(next, LogRecord.Level.INFO);
        accept(outlet, 1000, 1100);
        assertTrue(outlet.awaitDrained(SOON));
        var all = new ArrayList<>(old.got());
        all.addAll(next.got());
        assertEquals(numbers(0, 1100), all);
        outlet.close();
    }

    @Test
    void shouldLetASecondSinkOfTheNameWaitUntilTheFirstLeaves() {
        var outlet = outlet(100);
        var first = new FarEnd(false);
        var second = new FarEnd(false);
        outlet.add(first, LogRecord.Level.INFO);
        outlet.add(second, LogRecord.Level.INFO);
        accept(outlet, 0, 10);
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 10), first.got());
        outlet.remove(first);
        accept(outlet, 10, 20);
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 10), first.got());
        assertEquals(numbers(10, 20), second.got());
        outlet.close();
    }

    @Test
    void shouldLoseNothingWhileSinksChangeUnderLoad() throws Exception {
        var outlet = outlet(100_000);
        var sinks = new ArrayList<FarEnd>();
        var writer = Thread.ofPlatform().start(() -> accept(outlet, 0, 50_000));
        for (int i = 0; i < 20; i++) {
            var sink = new FarEnd(i % 2 == 0);
            sinks.add(sink);
            outlet.add(sink, LogRecord.Level.INFO);
            if (i > 0) {
                outlet.remove(sinks.get(i - 1));
            }
        }
        assertTrue(writer.join(SOON));
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 50_000), sinks.stream().flatMap(sink -> sink.got().stream()).toList());
        outlet.close();
    }

    @Test
    void shouldTryAgainWithGrowingPausesAndLoseNothing() throws Exception {
        var outlet = outlet(100);
        var sink = new FarEnd(true);
        sink.away = true;
        outlet.add(sink, LogRecord.Level.INFO);
        accept(outlet, 0, 50);
        assertEquals("away", said.poll(10, TimeUnit.SECONDS));
        accept(outlet, 50, 500);
        assertEquals("away", outlet.status().get("state"));
        var times = new ArrayList<Long>();
        for (int i = 0; i < 4; i++) {
            times.add(sink.attempts.poll(10, TimeUnit.SECONDS));
        }
        for (int i = 1; i < 4; i++) {
            long paused = TimeUnit.NANOSECONDS.toMillis(times.get(i) - times.get(i - 1));
            assertTrue(paused >= 100L << (i - 1), "pause " + i + " took " + paused + " ms");
        }
        sink.away = false;
        assertEquals("back, lost 0", said.poll(10, TimeUnit.SECONDS));
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 500), sink.got());
        outlet.close();
    }

    @Test
    void shouldDropTheOldestInMemoryAndSayHowMany() throws Exception {
        var outlet = outlet(100);
        var sink = new FarEnd(false);
        sink.away = true;
        outlet.add(sink, LogRecord.Level.INFO);
        accept(outlet, 0, 1);
        assertEquals("away", said.poll(10, TimeUnit.SECONDS));
        accept(outlet, 1, 1000);
        assertEquals(900, status(outlet, "lost"));
        assertEquals(100, status(outlet, "queued"));
        sink.away = false;
        assertEquals("back, lost 900", said.poll(10, TimeUnit.SECONDS));
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(900, 1000), sink.got());
        outlet.close();
    }

    @Test
    void shouldKeepEntriesOnDiskOverTheEndOfTheProcess() throws Exception {
        var outlet = outlet(100);
        var sink = new FarEnd(true);
        sink.away = true;
        outlet.add(sink, LogRecord.Level.INFO);
        accept(outlet, 0, 1);
        assertEquals("away", said.poll(10, TimeUnit.SECONDS));
        accept(outlet, 1, 3000);
        assertEquals(3000, status(outlet, "queued"));
        // Nothing is closed: what a killed process leaves. A copy, as the first is alive in this one.
        Path copy = Files.createDirectories(home.resolve("copy/far"));
        try (var files = Files.list(home.resolve("far"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        var after = new Outlet(
                "far", new Outlet.Limits(100, 1 << 20, home.resolve("copy")), InstantSource.system(), quiet());
        var next = new FarEnd(true);
        after.add(next, LogRecord.Level.INFO);
        accept(after, 3000, 3010);
        assertTrue(after.awaitDrained(SOON));
        assertEquals(numbers(0, 3010), next.got());
        after.close();
        outlet.close();
    }

    private static Outlet.Observer quiet() {
        return new Outlet.Observer() {
            @Override
            public void away(String sink, String problem) {}

            @Override
            public void back(String sink, Duration away, long lost) {}
        };
    }

    @Test
    void shouldLeaveASinkThatHangsAndGiveItsBatchToTheNext() throws Exception {
        var outlet = outlet(100);
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var thread = new LinkedBlockingQueue<Thread>();
        var hanging = new FarEnd(true) {
            @Override
            public void write(List<LogRecord> entries) throws Exception {
                thread.add(Thread.currentThread());
                entered.countDown();
                boolean released = false;
                while (!released) {
                    try {
                        released = release.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        // The worst of sinks.
                    }
                }
            }
        };
        outlet.add(hanging, LogRecord.Level.INFO);
        accept(outlet, 0, 10);
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        long begin = System.nanoTime();
        outlet.remove(hanging);
        assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(5));
        var next = new FarEnd(true);
        outlet.add(next, LogRecord.Level.INFO);
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 10), next.got());
        release.countDown();
        assertTrue(thread.take().join(SOON));
        accept(outlet, 10, 20);
        assertTrue(outlet.awaitDrained(SOON));
        assertEquals(numbers(0, 20), next.got());
        outlet.close();
    }

    @Test
    void shouldEndItsThreadWithTheSink() {
        var outlet = outlet(100);
        var sink = new FarEnd(false);
        outlet.add(sink, LogRecord.Level.INFO);
        outlet.remove(sink);
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("log-far") && thread.isAlive()));
        outlet.close();
    }
}
