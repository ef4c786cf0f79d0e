package io.culvert.core.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final CircuitBreaker breaker = new CircuitBreaker(2, 100, now::get);

    @Test
    void shouldOpenAfterFailuresInARowOnly() {
        call(false);
        call(true);
        call(false);
        assertEquals("closed", breaker.state());
        call(false);
        assertEquals("open", breaker.state());
        assertFalse(breaker.tryCall());
    }

    @Test
    void shouldLetOneCallProbeAfterThePauseAndCloseWhenItSucceeds() {
        open();
        now.addAndGet(99);
        assertFalse(breaker.tryCall());
        now.addAndGet(1);
        assertTrue(breaker.tryCall());
        assertEquals("half-open", breaker.state());
        assertFalse(breaker.tryCall(), "one probe at a time");
        breaker.succeeded();
        assertEquals("closed", breaker.state());
        assertTrue(breaker.tryCall());
    }

    @Test
    void shouldPauseAgainWhenTheProbeFails() {
        open();
        now.addAndGet(100);
        call(false);
        assertFalse(breaker.tryCall());
        now.addAndGet(100);
        assertTrue(breaker.tryCall());
        breaker.abandoned();
        assertTrue(breaker.tryCall(), "a probe without an end makes room for another");
    }

    private void open() {
        call(false);
        call(false);
    }

    private void call(boolean good) {
        assertTrue(breaker.tryCall());
        if (good) {
            breaker.succeeded();
        } else {
            breaker.failed();
        }
    }
}
