package io.culvert.log.slf4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class TargetLoggerTest {
    private final Logger log = LoggerFactory.getLogger("io.culvert.test");
    private final AtomicInteger formatted = new AtomicInteger();
    private final Object argument = new Object() {
        @Override
        public String toString() {
            formatted.incrementAndGet();
            return "alice";
        }
    };

    @AfterEach
    void silence() {
        LogTargets.set(null);
    }

    @Test
    void shouldBeTheProviderThatSlf4jFinds() {
        assertInstanceOf(TargetLogger.class, log);
    }

    @Test
    void shouldFormatNothingWithoutATarget() {
        assertFalse(log.isErrorEnabled());
        log.error("peer={}: closed", argument, new IllegalStateException());
        log.atInfo().addArgument(() -> argument.toString()).log("peer={}");
        assertEquals(0, formatted.get());
    }

    @Test
    void shouldFormatNothingThatTheTargetDoesNotWant() {
        LogTargets.set(new Recorder(Level.WARN));
        log.info("peer={}: closed", argument);
        assertEquals(0, formatted.get());
        assertFalse(log.isInfoEnabled());
        assertTrue(log.isWarnEnabled());
    }

    @Test
    void shouldHandFormattedEntriesWithTheirProblemToTheTarget() {
        var recorder = new Recorder(Level.DEBUG);
        LogTargets.set(recorder);
        log.warn("peer={}: closed after {} s", argument, 60, new IllegalStateException("why"));
        assertEquals(List.of("io.culvert.test WARN peer=alice: closed after 60 s why"), recorder.entries);
    }

    @Test
    void shouldKeepASuccessorWhenTheFormerTargetEnds() {
        var first = new Recorder(Level.DEBUG);
        LogTargets.set(first);
        LogTargets.set(new Recorder(Level.DEBUG));
        LogTargets.clear(first);
        assertTrue(log.isDebugEnabled());
    }

    private static final class Recorder implements LogTarget {
        private final Level least;
        private final List<String> entries = new ArrayList<>();

        Recorder(Level least) {
            this.least = least;
        }

        @Override
        public boolean enabled(String logger, Level level) {
            return level.toInt() >= least.toInt();
        }

        @Override
        public void log(String logger, Level level, String message, @Nullable Throwable problem) {
            entries.add(logger + " " + level + " " + message + (problem == null ? "" : " " + problem.getMessage()));
        }
    }
}
