package io.culvert.web.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.status.PathStatus;
import io.culvert.api.web.WebResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final Health health = new Health(() -> PathStatus.NONE, List::of);

    private int status(String path) throws Exception {
        for (var endpoint : new WatchEndpoints(new Metrics(), Scrapers.of(new String[0]), health).endpoints()) {
            if (endpoint.path().equals(path) && endpoint.method().equals("GET")) {
                return ((WebResponse.Json) endpoint.handler().handle(null)).status();
            }
        }
        throw new AssertionError(path);
    }

    @Test
    void shouldBeginAndEndDraining() throws Exception {
        assertEquals(503, status("/health/draining"));
        health.drain(true);
        assertEquals(200, status("/health/draining"));
        assertEquals(503, status("/health/ready"));
        assertTrue(health.draining());
        health.drain(false);
        assertEquals(503, status("/health/draining"));
        assertFalse(health.draining());
    }
}
