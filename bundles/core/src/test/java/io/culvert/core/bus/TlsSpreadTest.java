package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** Control channels move to another provider of TLS. */
class TlsSpreadTest {
    private static final long MS = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final int SESSIONS = 500;

    private final BusFixture fixture = new BusFixture(true, 2048);
    private final TlsProvider old = new NoTls();
    private final TlsProvider next = new NoTls();
    private final ToyProtocol protocol = new ToyProtocol("udp", BusFixture.CLAIM);

    private void join(int count) {
        fixture.ask(fixture.bus.attach(protocol));
        protocol.tls = old;
        for (int i = 0; i < count; i++) {
            fixture.join(i + 1, "user" + i, new InetSocketAddress("192.0.2.7", 4000 + i));
        }
    }

    private long moved() {
        return protocol.sessions.stream().filter(each -> each.usedTls == next).count();
    }

    @Test
    void shouldMoveFiveHundredSessionsWithinTheWindowAndNotAtOnce() {
        join(SESSIONS);
        protocol.tls = next;
        var done = fixture.bus.tlsChanged(next, 60 * SECOND, 32).toCompletableFuture();
        fixture.settle();
        long before = moved();
        assertTrue(before <= 1);
        for (int second = 1; second <= 60; second++) {
            for (int i = 0; i < 20; i++) {
                fixture.pass(50 * MS);
            }
            long now = moved();
            assertTrue(now - before <= 12, now - before + " in second " + second);
            assertEquals(Math.min(SESSIONS, second * SESSIONS / 60.0), now, 10, "after " + second + " s");
            before = now;
        }
        fixture.pass(SECOND);
        assertTrue(done.isDone());
        assertEquals(SESSIONS, moved());
        assertEquals(SESSIONS, fixture.bus.path().moves().get("tls").done());
        assertTrue(protocol.sessions.stream().allMatch(each -> each.toldOfTls == 1));
    }

    @Test
    void shouldHaveFewOnTheirWayAtOnce() {
        join(100);
        // Told, but not there: as clients that sleep.
        protocol.tls = old;
        fixture.bus.tlsChanged(next, 0, 8);
        fixture.settle();
        fixture.pass(SECOND);
        assertEquals(8, protocol.sessions.stream().filter(each -> each.toldOfTls > 0).count());
        for (int i = 0; i < 12; i++) {
            fixture.pass(SECOND);
        }
        // After some time they do not keep the others.
        assertEquals(16, protocol.sessions.stream().filter(each -> each.toldOfTls > 0).count());
        assertEquals(0, fixture.bus.path().moves().get("tls").done());
        assertEquals(100, fixture.bus.path().moves().get("tls").total());
    }

    @Test
    void shouldLetALaterChangeTakeOver() {
        join(10);
        protocol.tls = next;
        var first = fixture.bus.tlsChanged(next, 60 * SECOND, 32).toCompletableFuture();
        fixture.pass(20 * SECOND);
        protocol.tls = old;
        var back = fixture.bus.tlsChanged(old, SECOND, 32).toCompletableFuture();
        for (int i = 0; i < 4; i++) {
            fixture.pass(SECOND);
        }
        assertFalse(first.join());
        assertTrue(back.join());
        assertEquals(0, moved());
    }

    @Test
    void shouldTakeTheEnginesOfAProviderThatGoes() {
        join(10);
        protocol.tls = next;
        fixture.bus.tlsChanged(next, 60 * SECOND, 32);
        fixture.settle();
        fixture.ask(fixture.bus.tlsGone(old));
        assertTrue(protocol.sessions.stream().noneMatch(each -> each.usedTls == old));
    }

    private static final class NoTls implements TlsProvider {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
            throw new TlsException("none");
        }

        @Override
        public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
            throw new TlsException("none");
        }
    }
}
