package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Sessions change hands at any moment of a rekey. A hand-over that is planned waits for the moment behind it, and the
 * client notices nothing. One that is not, as a crash, loses no data either; and the client, which cannot end a
 * negotiation with anybody else once it has heard the server's TLS, begins anew when it gives that up, and only then.
 */
class RekeyHandOverTest {
    private static final int SEEDS = Integer.getInteger("culvert.seeds", 160);
    private static final String[] WRAPS = {"plain", "tls-auth", "tls-crypt", "tls-crypt-v2"};
    private static final long BOUND_NS = 10_000_000_000L;

    /** Longer than a packet of {@link SessionPair} is on its way, and than an answer of {@link TestCore} takes. */
    private static final int SETTLED_MS = 60;

    /** In each direction, every 100 ms. */
    private static final class Chatter {
        private final SessionPair pair;
        private int up;
        private int down;

        Chatter(SessionPair pair) {
            this.pair = pair;
            tick();
        }

        private void tick() {
            pair.client.send(SessionPairTest.INNER);
            up++;
            for (var session : List.copyOf(pair.core.sessions)) {
                session.live().onIpPacket(
                        pair.core.buffers.of(SessionPairTest.INNER), pair.time.nowNs(), pair.core.buffers);
                session.settle();
                down++;
            }
            pair.time.after(100_000_000, this::tick);
        }

        /** Sent and not arrived since the last time, but for what is on its way. */
        int lost() {
            int lost = up - pair.core.inbound.size() + down - pair.client.received.size();
            up = pair.core.inbound.size();
            down = pair.client.received.size();
            return lost;
        }
    }

    private static void everySeed(IntFunction<String> run) {
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        IntStream.range(0, SEEDS).parallel().forEach(seed -> {
            try {
                String failure = run.apply(seed);
                if (!failure.isEmpty()) {
                    failures.add("seed " + seed + ": " + failure);
                }
            } catch (Throwable t) {
                failures.add("seed " + seed + ": " + t + " at " + t.getStackTrace()[0]);
            }
        });
        assertTrue(
                failures.isEmpty(),
                () -> failures.size() + " of " + SEEDS + " failed: " + failures.subList(0, Math.min(8, failures.size())));
    }

    /** A pair that is at some moment of a rekey, which either side has begun, or shortly before or after it. */
    private static SessionPair amidRekey(int seed) {
        var settings = new SessionPair.Settings();
        settings.wrap = WRAPS[seed % WRAPS.length];
        boolean byServer = seed / 8 % 2 == 0;
        settings.renegotiateSeconds = byServer ? 20 : 3600;
        var pair = new SessionPair(seed, settings);
        pair.client.tlsVersion = seed / WRAPS.length % 2 == 0 ? TlsPolicy.Version.TLS_1_3 : TlsPolicy.Version.TLS_1_2;
        assertTrue(pair.connect(10));
        pair.time.run(5);
        if (byServer) {
            assertTrue(pair.time.runUntil(pair.core::busy, 30));
        } else {
            pair.client.renegotiate();
        }
        pair.time.runMillis(pair.random.nextInt(180));
        return pair;
    }

    @Test
    void shouldNotBeNoticedWhenItWaitsForTheEndOfARekey() {
        everySeed(seed -> {
            var pair = amidRekey(seed);
            var chatter = new Chatter(pair);
            long boundNs = pair.time.nowNs() + BOUND_NS;
            while (pair.core.busy() && pair.time.nowNs() < boundNs) {
                pair.time.runMillis(1);
            }
            if (pair.core.busy()) {
                return "a rekey without loss is under way for " + BOUND_NS + " ns";
            }
            return unnoticed(pair, chatter, () -> pair.core.handOverTo(pair.newProtocol()));
        });
    }

    @Test
    void shouldNotBeNoticedBeforeTheClientHasHeardTheServersTls() {
        var free = new AtomicInteger();
        everySeed(seed -> {
            var pair = amidRekey(seed);
            // Nothing that the server has sent so far is on its way any more; what comes meanwhile finds nobody.
            pair.core.deaf = true;
            pair.time.runMillis(SETTLED_MS);
            pair.core.deaf = false;
            if (pair.client.bound()) {
                return "";
            }
            free.incrementAndGet();
            var chatter = new Chatter(pair);
            return unnoticed(pair, chatter, () -> {
                if (seed % 3 == 0) {
                    pair.core.handOverTo(pair.newProtocol());
                } else {
                    pair.core.crashInto(pair.newProtocol());
                }
            });
        });
        assertTrue(free.get() > SEEDS / 4, () -> "only " + free + " of " + SEEDS + " were free");
    }

    @Test
    void shouldLoseNoDataUntilTheClientGivesUpWhatACrashLeftHalfDone() {
        var bound = new AtomicInteger();
        everySeed(seed -> {
            var pair = amidRekey(seed);
            pair.core.deaf = true;
            pair.time.runMillis(SETTLED_MS);
            pair.core.deaf = false;
            if (!pair.client.bound()) {
                return "";
            }
            bound.incrementAndGet();
            var chatter = new Chatter(pair);
            try {
                pair.core.crashInto(pair.newProtocol());
            } catch (Exception e) {
                return e.toString();
            }
            pair.time.runMillis(500);
            chatter.lost();
            // For as long as the client is patient.
            for (int i = 0; i < 58 && pair.client.attempts == 1; i++) {
                pair.time.run(1);
            }
            int lost = chatter.lost();
            if (Math.abs(lost) > 2) {
                return lost + " packets were lost while the client waited";
            }
            if (!pair.time.runUntil(() -> pair.client.attempts == 2 && pair.client.connected(), 30)) {
                return "the client did not connect anew";
            }
            return "";
        });
        assertTrue(bound.get() > SEEDS / 10, () -> "only " + bound + " of " + SEEDS + " were bound");
    }

    private interface Change {
        void run() throws Exception;
    }

    private static String unnoticed(SessionPair pair, Chatter chatter, Change change) {
        int rekeys = pair.client.rekeys;
        try {
            change.run();
        } catch (Exception e) {
            return e.toString();
        }
        // Until the reservation is durable.
        pair.time.runMillis(100);
        chatter.lost();
        pair.time.run(90);
        int lost = chatter.lost();
        if (pair.client.attempts != 1) {
            return "the client began anew";
        }
        if (Math.abs(lost) > 4) {
            return lost + " packets were lost";
        }
        if (pair.client.rekeys == rekeys) {
            return "no rekey rebuilt the control channel";
        }
        return pair.core.busy() && pair.client.negotiating == null ? "it does not come to rest" : "";
    }
}
