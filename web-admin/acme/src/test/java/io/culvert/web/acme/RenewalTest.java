package io.culvert.web.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.TestAuthority;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RenewalTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final TestAuthority authority = new TestAuthority("authority");
    private final AtomicInteger changes = new AtomicInteger();

    private TlsPolicy.Identity lasting(Duration before, Duration after) {
        return authority.server(List.of("localhost"), Instant.now().minus(before), Instant.now().plus(after));
    }

    private Renewal renewal(TlsPolicy.Identity present, Duration pause, Callable<TlsPolicy.Identity> order) {
        return new Renewal(Instant::now, present, pause, order, changes::incrementAndGet);
    }

    @Test
    void shouldAskWhenTwoThirdsOfALifeAreOver() {
        var identity = lasting(Duration.ofDays(30), Duration.ofDays(60));
        Instant due = Renewal.due(identity);
        Duration left = Duration.between(Instant.now(), due);
        assertTrue(left.toDays() >= 29 && left.toDays() <= 30, left.toString());
        try (var renewal = renewal(identity, SOON, () -> identity)) {
            assertEquals(due, renewal.state().next());
            assertEquals(identity, renewal.identity().orElseThrow());
        }
    }

    @Test
    void shouldAskAtOnceWithoutACertificate() {
        var identity = lasting(Duration.ofDays(1), Duration.ofDays(60));
        try (var renewal = renewal(null, SOON, () -> identity)) {
            renewal.start();
            Eventually.await(SOON, () -> "none", () -> renewal.identity().isPresent());
            Eventually.await(SOON, () -> "nobody was told", () -> changes.get() == 1);
        }
    }

    @Test
    void shouldAskAgainWhileTheAuthorityIsAwayAndKeepThePresentOne() {
        var old = lasting(Duration.ofDays(80), Duration.ofDays(10));
        var next = lasting(Duration.ofDays(1), Duration.ofDays(90));
        var tries = new AtomicInteger();
        try (var renewal = renewal(old, Duration.ofMillis(20), () -> {
            if (tries.incrementAndGet() < 4) {
                throw new IOException("no way to the authority", new ConnectException("refused"));
            }
            return next;
        })) {
            renewal.start();
            Eventually.await(SOON, () -> "no failure", () -> renewal.state().failures() == 2);
            assertEquals("no way to the authority: refused", renewal.state().problem());
            assertEquals(old, renewal.identity().orElseThrow());
            Eventually.await(SOON, () -> "still the old one", () -> renewal.identity().orElseThrow().equals(next));
            assertEquals("", renewal.state().problem());
            assertEquals(4, tries.get());
        }
    }

    @Test
    void shouldWaitLongerAfterEachFailureUpToSixHours() {
        try (var renewal = renewal(null, Duration.ofMinutes(1), () -> null)) {
            assertEquals(Duration.ofMinutes(1), renewal.pause(1));
            assertEquals(Duration.ofMinutes(8), renewal.pause(4));
            assertEquals(Duration.ofHours(6), renewal.pause(10));
            assertEquals(Duration.ofHours(6), renewal.pause(1000));
        }
    }

    @Test
    void shouldGiveUpAnOrderWhenItIsClosed() throws Exception {
        var begun = new CountDownLatch(1);
        var given = new CountDownLatch(1);
        var renewal = renewal(null, SOON, () -> {
            begun.countDown();
            try {
                Thread.currentThread().join();
            } finally {
                given.countDown();
            }
            return null;
        });
        renewal.start();
        assertTrue(begun.await(10, java.util.concurrent.TimeUnit.SECONDS));
        renewal.close();
        assertEquals(0, given.getCount());
        assertFalse(renewal.identity().isPresent());
    }

    @Test
    void shouldEndThoughAnOrderSwallowsTheInterrupt() throws Exception {
        var begun = new CountDownLatch(1);
        var renewal = renewal(null, SOON, () -> {
            begun.countDown();
            try {
                Thread.currentThread().join();
            } catch (InterruptedException e) {
                throw new IOException("given up", e);
            }
            return null;
        });
        renewal.start();
        assertTrue(begun.await(10, java.util.concurrent.TimeUnit.SECONDS));
        renewal.close();
        assertFalse(renewal.runs());
    }
}
