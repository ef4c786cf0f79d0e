package io.culvert.web.rest.resource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.status.PathStatus.Traffic;
import io.culvert.api.status.PathStatus.Tunnel;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final long BEGIN = 1_800_000_000;
    private static final Map<String, History.Column> IN = Map.of("in", History.Column.IN_BITS);

    private final History history = new History();

    private static PathStatus path(long second, long bytes) {
        var tunnel = new Tunnel("tunnel.openvpn/0.1.0", 3, Handshakes.NONE, Map.of(), new Traffic(0, bytes, 0, 0));
        return new PathStatus(
                second * 1_000_000_000L, 3, Map.of("openvpn/udp", tunnel), Map.of(), Map.of(), 0, Map.of(), Map.of());
    }

    private void run(int seconds) {
        for (int i = 0; i < seconds; i++) {
            history.sample(BEGIN + i, path(i + 1, i * 1_000L));
        }
    }

    @Test
    void shouldShowRatesPerSecond() {
        run(100);
        var points = history.points(IN, BEGIN + 10, BEGIN + 20, 1);
        assertEquals(10, points.times().size());
        points.series().get("in").forEach(value -> assertEquals(8_000L, value));
    }

    @Test
    void shouldLeaveUnknownWhatItHasNotSeen() {
        run(10);
        assertNull(history.points(IN, BEGIN - 100, BEGIN - 90, 1).series().get("in").getFirst());
    }

    @Test
    void shouldNeverGiveMoreThanAThousandPoints() {
        run(3_700);
        for (long span : new long[] {60, 900, 3_600, 86_400, 2_000_000}) {
            for (long step : new long[] {0, 1, 7, 60}) {
                var points = history.points(IN, BEGIN + 3_700 - span, BEGIN + 3_700, step);
                assertTrue(points.times().size() <= 1_000, span + " s in steps of " + points.step());
            }
        }
        var hour = history.points(IN, BEGIN + 100, BEGIN + 3_700, 60);
        assertEquals(8_000L, hour.series().get("in").get(20));
    }

    @Test
    void shouldTakeACoreThatBeganAnewForNoTraffic() {
        history.sample(BEGIN, path(1, 1_000_000));
        assertEquals(0, history.sample(BEGIN + 1, path(2, 10))[0]);
    }
}
