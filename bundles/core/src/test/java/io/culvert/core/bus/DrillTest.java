package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.libc.FfmLibc;
import io.culvert.net.ipv4.Ipv4;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrillTest {
    private static long descriptors() throws Exception {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void shouldLeadPacketsThroughBothWaysAndLeaveNothing() throws Exception {
        Drill.run(new FfmLibc(), List.of(new Ipv4()), 1500, 100_000_000L);
        long before = descriptors();
        int threads = Thread.activeCount();
        int through = Drill.run(new FfmLibc(), List.of(new Ipv4()), 1500, 20_000_000_000L);
        // Of those to the host, several may come as one.
        assertTrue(through > 20_000, () -> through + " packets");
        assertEquals(before, descriptors());
        assertTrue(Thread.activeCount() <= threads);
    }

    @Test
    void shouldDoNothingWithoutANetwork() throws Exception {
        assertEquals(0, Drill.run(new FfmLibc(), List.of(), 1500, 1_000_000_000L));
    }
}
