package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A wire that loses a fifth of all datagrams each way, delays the others so that they overtake each other, doubles and
 * garbles some: handshake, data and rekey come through, for every wrapping and TLS version, and no nonce is used twice.
 */
class LossyWireTest {
    private static final int SEEDS = Integer.getInteger("culvert.seeds", 1000);
    private static final String[] WRAPS = {"plain", "tls-auth", "tls-crypt", "tls-crypt-v2"};

    @Test
    void shouldHandshakeAndRekeyWhateverTheWireDoes() {
        List<String> failures = Collections.synchronizedList(new ArrayList<>());
        IntStream.range(0, SEEDS).parallel().forEach(seed -> {
            try {
                String failure = run(seed);
                if (failure != null) {
                    failures.add("seed " + seed + ": " + failure);
                }
            } catch (Throwable t) {
                failures.add("seed " + seed + ": " + t + " at " + t.getStackTrace()[0]);
            }
        });
        assertTrue(failures.isEmpty(), () -> failures.size() + " of " + SEEDS + " failed: " + failures.subList(0, Math.min(5, failures.size())));
    }

    private static String run(int seed) {
        var settings = new SessionPair.Settings();
        settings.wrap = WRAPS[seed % WRAPS.length];
        settings.renegotiateSeconds = 120;
        settings.pingSeconds = 5;
        var pair = new SessionPair(seed, settings);
        pair.client.tlsVersion = seed / WRAPS.length % 2 == 0 ? TlsPolicy.Version.TLS_1_3 : TlsPolicy.Version.TLS_1_2;
        pair.loss = 0.20;
        pair.duplication = 0.05;
        pair.corruption = 0.02;
        pair.maxDelayNs = 300_000_000;
        if (!pair.connect(1200)) {
            return "no handshake after " + pair.client.attempts + " attempts, " + pair.core.closes;
        }
        chatter(pair);
        if (!pair.time.runUntil(() -> pair.client.rekeys >= 1, 1200)) {
            return "no rekey, " + pair.core.closes + " " + pair.core.buffers.drops;
        }
        int inbound = pair.core.inbound.size();
        int received = pair.client.received.size();
        boolean flows = pair.time.runUntil(
                () -> pair.core.inbound.size() > inbound + 20 && pair.client.received.size() > received + 20, 120);
        if (!flows) {
            return "no traffic after the rekey";
        }
        return pair.core.buffers.kept() == 0 ? null : pair.core.buffers.kept() + " buffers were kept";
    }

    /** A packet each way every half second. */
    private static void chatter(SessionPair pair) {
        pair.client.send(SessionPairTest.INNER);
        for (var session : List.copyOf(pair.core.sessions)) {
            if (session.established) {
                session.live()
                        .onIpPacket(
                                pair.core.buffers.of(SessionPairTest.INNER), pair.time.nowNs(), pair.core.buffers);
                session.settle();
            }
        }
        pair.time.after(500_000_000, () -> chatter(pair));
    }
}
