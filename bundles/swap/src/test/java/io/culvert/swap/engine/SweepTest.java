package io.culvert.swap.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.status.PathStatus.Traffic;
import io.culvert.api.status.PathStatus.Tunnel;
import io.culvert.api.status.PathWatch;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SweepTest {
    private static final Duration LOOK = Duration.ofMillis(2);

    private final Semaphore collected = new Semaphore(0);
    private final AtomicInteger looks = new AtomicInteger();

    /** Packets flow in so many looks. */
    private Sweep sweep(int busy) {
        PathWatch path = new PathWatch() {
            @Override
            public PathStatus path() {
                long packets = 1000L * Math.min(busy, looks.incrementAndGet());
                var tunnel = new Tunnel("", 1, Handshakes.NONE, Map.of(), new Traffic(packets, 0, packets, 0));
                return new PathStatus(0, 1, Map.of("openvpn/udp", tunnel), Map.of(), Map.of(), 0, Map.of(), Map.of());
            }

            @Override
            public long resetPause() {
                return 0;
            }
        };
        return new Sweep(() -> Optional.of(path), collected::release, LOOK);
    }

    @Test
    void shouldCollectOnceWhenThePathRests() throws Exception {
        try (var sweep = sweep(20)) {
            sweep.due();
            sweep.due();
            assertTrue(collected.tryAcquire(20, TimeUnit.SECONDS));
            assertTrue(looks.get() > 20, "looks: " + looks.get());
            assertFalse(collected.tryAcquire(50, TimeUnit.MILLISECONDS));
        }
    }

    @Test
    void shouldCollectAgainAfterTheNextChange() throws Exception {
        try (var sweep = new Sweep(Optional::empty, collected::release, LOOK)) {
            for (int i = 0; i < 3; i++) {
                sweep.due();
                assertTrue(collected.tryAcquire(20, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void shouldLeaveNothingWhenItClosesUnderTraffic() {
        var sweep = sweep(Integer.MAX_VALUE);
        sweep.due();
        sweep.close();
        sweep.close();
        assertEquals(0, collected.availablePermits());
    }

    @Test
    void shouldStartNothingForAChangeThatEndsAfterTheClose() {
        var sweep = new Sweep(Optional::empty, collected::release, LOOK);
        sweep.close();
        sweep.due();
        assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(each -> each.getName().equals("culvert-sweep")));
    }
}
