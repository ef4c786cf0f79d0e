package io.culvert.log.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.CommandException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.log.slf4j.LogTargets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LogHubTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration KEEP = Duration.ofMinutes(1);

    private final Logger log = LoggerFactory.getLogger("io.culvert.pki.Authority");
    private final CountDownLatch unheard = new CountDownLatch(1);
    private volatile Instant now = Instant.EPOCH;
    private final Recent recent = new Recent(1000);
    private final LogHub hub = new LogHub(
            () -> now,
            new BundleNames(() -> Map.of(
                    "io.culvert.pki", "io.culvert.pki", "io.culvert", "io.culvert", "org.library", "io.culvert.pki"))::of,
            recent,
            this::listen,
            new Outlet.Limits(4096, 1 << 20, Path.of("target/queue")),
            KEEP,
            LogHub.REST);

    private void listen(boolean wanted) {
        LogTargets.set(wanted ? hub() : null);
        if (!wanted) {
            unheard.countDown();
        }
    }

    private LogHub hub() {
        return hub;
    }

    @AfterEach
    void close() {
        LogTargets.set(null);
        hub.close();
    }

    @Test
    void shouldFormatNothingWithoutASink() throws InterruptedException {
        var formatted = new AtomicInteger();
        var argument = new Object() {
            @Override
            public String toString() {
                formatted.incrementAndGet();
                return "alice";
            }
        };
        assertFalse(log.isErrorEnabled());
        log.error("peer={}", argument);
        assertEquals(0, formatted.get());

        var sink = new ListSink();
        hub.add(sink, LogRecord.Level.INFO);
        log.info("peer={}", argument);
        hub.remove(sink);
        now = now.plus(KEEP);
        assertTrue(unheard.await(SOON.toSeconds(), TimeUnit.SECONDS));
        assertFalse(log.isErrorEnabled());
        log.info("peer={}", argument);
        assertEquals(1, formatted.get());
        assertEquals(List.of("peer=alice"), sink.messages());
    }

    @Test
    void shouldKeepForTheNextSinkWhatIsLoggedBetweenTwo() {
        var old = new ListSink();
        hub.add(old, LogRecord.Level.INFO);
        log.info("one");
        hub.remove(old);
        log.info("two");
        log.debug("not wanted");
        var next = new ListSink();
        hub.add(next, LogRecord.Level.INFO);
        log.info("three");
        hub.flush();
        assertEquals(List.of("one"), old.messages());
        assertEquals(List.of("two", "three"), next.messages());
    }

    /** A hub that rests for good when it has looked once, with one entry delivered. */
    private LogHub resting(ListSink sink) throws InterruptedException {
        var resting = new LogHub(
                () -> now,
                name -> name,
                new Recent(10),
                wanted -> {},
                new Outlet.Limits(4096, 1 << 20, Path.of("target/queue")),
                KEEP,
                Duration.ofHours(1));
        resting.add(sink, LogRecord.Level.INFO);
        resting.log("x", "x", Level.INFO, "one", null);
        sink.await(1);
        return resting;
    }

    @Test
    void shouldNotKeepAWarningWaiting() throws Exception {
        var sink = new ListSink();
        try (var resting = resting(sink)) {
            resting.log("x", "x", Level.INFO, "two", null);
            resting.log("x", "x", Level.WARN, "three", null);
            sink.await(3);
            assertEquals(List.of("one", "two", "three"), sink.messages());
        }
    }

    @Test
    void shouldNotRestWhenItIsFlushed() throws Exception {
        var sink = new ListSink();
        try (var resting = resting(sink)) {
            resting.log("x", "x", Level.INFO, "two", null);
            resting.flush();
            assertEquals(List.of("one", "two"), sink.messages());
        }
    }

    @Test
    void shouldLoseNothingInItsRest() throws Exception {
        var sink = new ListSink();
        try (var resting = resting(sink)) {
            for (int i = 0; i < 10_000; i++) {
                resting.log("x", "x", Level.INFO, "more", null);
                if (i % 1000 == 999) {
                    // No faster than the hub's thread can be, which has a core of its own only on an idle machine.
                    sink.await(i - 2048);
                }
            }
            resting.flush();
            sink.await(10_001);
        }
    }

    @Test
    void shouldNotLetASlowSinkDelayAnother() throws Exception {
        var release = new CountDownLatch(1);
        var entered = new CountDownLatch(1);
        hub.add(new LogSink() {
            @Override
            public String name() {
                return "slow";
            }

            @Override
            public void write(List<LogRecord> entries) throws Exception {
                entered.countDown();
                assertTrue(release.await(SOON.toSeconds(), TimeUnit.SECONDS));
            }
        }, LogRecord.Level.INFO);
        var sink = new ListSink();
        hub.add(sink, LogRecord.Level.INFO);
        log.info("one");
        assertTrue(entered.await(SOON.toSeconds(), TimeUnit.SECONDS));
        log.info("two");
        hub.flush();
        assertEquals(List.of("one", "two"), sink.messages());
        release.countDown();
    }

    @Test
    void shouldShowTheStateOfEachSink() {
        hub.add(new ListSink(), LogRecord.Level.INFO);
        log.info("one");
        hub.flush();
        var sinks = (List<?>) hub.status().get("sinks");
        assertEquals(
                Map.of("sink", "list", "state", "ok", "delivered", 1L, "queued", 0L, "queuedOnDiskBytes", 0L, "lost", 0L),
                sinks.getFirst());
    }

    @Test
    void shouldGiveEachSinkOnlyTheLevelsThatItWants() {
        var errors = new ListSink() {
            @Override
            public String name() {
                return "errors";
            }
        };
        var all = new ListSink();
        hub.add(errors, LogRecord.Level.ERROR);
        hub.add(all, LogRecord.Level.DEBUG);
        log.debug("one");
        log.error("two");
        log.trace("three");
        hub.flush();
        assertEquals(List.of("two"), errors.messages());
        assertEquals(List.of("one", "two"), all.messages());
    }

    @Test
    void shouldKeepWhatALibraryInsideOfAModuleSaysOfItselfForWhoWantsDetails() {
        var usual = new ListSink();
        hub.add(usual, LogRecord.Level.INFO);
        Logger library = LoggerFactory.getLogger("org.library.Server");
        library.info("library-1.2.3; built: yesterday");
        library.warn("what goes wrong");
        log.info("the module's own");
        hub.flush();
        assertEquals(List.of("what goes wrong", "the module's own"), usual.messages());
        assertEquals("io.culvert.pki", usual.entries.getFirst().module(), "it is the module's, whose library it is");
    }

    @Test
    void shouldNameTheModuleAndKeepTheTrace() {
        var sink = new ListSink();
        hub.add(sink, LogRecord.Level.INFO);
        log.warn("store: lost", new IllegalStateException("disk full"));
        hub.flush();
        LogRecord entry = sink.entries.getFirst();
        assertEquals("io.culvert.pki", entry.module());
        assertEquals(LogRecord.Level.WARN, entry.level());
        assertTrue(entry.trace().orElse("").startsWith("java.lang.IllegalStateException: disk full\n\tat "));
    }

    @Test
    void shouldNotLetAPeersNameForgeALine() {
        assertEquals("user=a\\nERROR b\\x1b[2J c", LogHub.oneLine("user=a\nERROR b\u001b[2J\tc"));
    }

    @Test
    void shouldLeaveAGapInTheNumbersWhereEntriesWereLost() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var sink = new ListSink() {
            @Override
            public void write(List<LogRecord> entries) throws Exception {
                entered.countDown();
                assertTrue(release.await(SOON.toSeconds(), TimeUnit.SECONDS));
                super.write(entries);
            }
        };
        hub.add(sink, LogRecord.Level.INFO);
        log.info("first");
        assertTrue(entered.await(SOON.toSeconds(), TimeUnit.SECONDS));
        for (int i = 0; i < 9000; i++) {
            log.info("more");
        }
        release.countDown();
        hub.flush();
        log.info("last");
        hub.flush();
        assertTrue(sink.entries.getLast().sequence() >= 9002);
        assertTrue(sink.entries.size() < 9002, "some were lost: " + sink.entries.size());
        assertTrue(sink.messages().stream().anyMatch(text -> text.contains("lost")), "which is said");
    }

    @Test
    void shouldGoOnWhenASinkFails() {
        var sink = new ListSink();
        hub.add(new LogSink() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public void write(List<LogRecord> entries) throws Exception {
                throw new IllegalStateException("no space left");
            }
        }, LogRecord.Level.INFO);
        hub.add(sink, LogRecord.Level.INFO);
        log.info("one");
        hub.flush();
        log.info("two");
        hub.flush();
        var messages = sink.messages().stream().filter(text -> !text.startsWith("log: sink=broken fails")).toList();
        assertEquals(List.of("one", "two"), messages);
    }

    @Test
    void shouldShowTheNewestEntriesAndFollow() throws Exception {
        hub.add(new ListSink(), LogRecord.Level.INFO);
        var command = new LogsCommand(recent, hub::hasSinks);
        log.info("one");
        log.warn("two");
        log.info("three");
        hub.flush();
        var last = (List<?>) command.run(Map.of("lines", 2), part -> true);
        assertEquals(List.of("two", "three"), last.stream().map(each -> ((Map<?, ?>) each).get("message")).toList());
        var warnings = (List<?>) command.run(Map.of("level", "warn"), part -> true);
        assertEquals(1, warnings.size());

        var parts = new LinkedBlockingQueue<Object>();
        var follower = Thread.ofVirtual().start(() -> {
            try {
                command.run(Map.of("lines", 1, "follow", true), part -> parts.add(part));
            } catch (CommandException | InterruptedException e) {
                parts.add(e);
            }
        });
        assertEquals("three", message(parts));
        log.info("four");
        assertEquals("four", message(parts));
        follower.interrupt();
        assertTrue(parts.poll(SOON.toSeconds(), TimeUnit.SECONDS) instanceof InterruptedException);
    }

    private static Object message(LinkedBlockingQueue<Object> parts) throws InterruptedException {
        return parts.poll(SOON.toSeconds(), TimeUnit.SECONDS) instanceof Map<?, ?> map ? map.get("message") : null;
    }

    @Test
    void shouldSayThatNothingIsLoggedWithoutASink() {
        var command = new LogsCommand(recent, hub::hasSinks);
        var refused = assertThrows(CommandException.class, () -> command.run(Map.of(), part -> true));
        assertTrue(refused.getMessage().contains("log.file"));
    }

    @Test
    void shouldNotWantWhatNoSinkWants() {
        hub.add(new ListSink(), LogRecord.Level.WARN);
        assertFalse(hub.enabled("x", Level.INFO));
        assertTrue(hub.enabled("x", Level.WARN));
    }

    private static class ListSink implements LogSink {
        final List<LogRecord> entries = new ArrayList<>();

        @Override
        public String name() {
            return "list";
        }

        @Override
        public void write(List<LogRecord> entries) throws Exception {
            synchronized (this.entries) {
                this.entries.addAll(entries);
                this.entries.notifyAll();
            }
        }

        void await(int count) throws InterruptedException {
            long deadline = System.nanoTime() + SOON.toNanos();
            synchronized (entries) {
                while (entries.size() < count) {
                    long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    assertTrue(leftMs > 0, entries.size() + " of " + count + " entries came");
                    entries.wait(leftMs);
                }
            }
        }

        List<String> messages() {
            synchronized (entries) {
                return entries.stream().map(LogRecord::message).toList();
            }
        }
    }
}
