package io.culvert.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostLoadTest {
    private static final long NS_PER_MS = 1_000_000;
    private static final String BEGIN = "cpu  100 20 30 400 50 6 7 8 0 0";
    private static final String LATER = "cpu  120 30 35 405 55 6 7 8 0 0";

    @TempDir
    Path proc;

    private final AtomicLong nowNs = new AtomicLong();
    private HostLoad load;

    @BeforeEach
    void start() throws IOException {
        load = new HostLoad(proc, List.of("cv0", "cvtap0"), nowNs::get);
        Files.createDirectories(proc.resolve("self/net"));
        write(BEGIN, 1_000, 2_000);
        assertEquals(Optional.empty(), load.sinceLast());
    }

    private void write(String cpu, long received, long sent) throws IOException {
        Files.writeString(proc.resolve("stat"), cpu + "\ncpu0 0 0 0 0 0 0 0 0 0 0\n");
        Files.writeString(proc.resolve("self/net/dev"), """
                Inter-|   Receive                                                |  Transmit
                 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
                    lo: 7777777   9    0    0    0     0          0         0  7777777     9    0    0    0     0
                   cv0:%d   9    0    0    0     0          0         0  %d     9    0    0    0     0
                  cv01: 5555555   9    0    0    0     0          0         0  5555555     9    0    0    0     0
                """.formatted(received, sent));
    }

    @Test
    void shouldTellWhatWasIdleAndCarried() throws IOException {
        nowNs.addAndGet(250 * NS_PER_MS);
        write(LATER, 3_000, 5_000);
        var sample = load.sinceLast().orElseThrow();
        assertEquals(10.0 / 45, sample.idle(), 1e-9);
        assertEquals(20_000, sample.bytesPerSecond(), 1e-6);
        assertEquals(0.25, sample.seconds(), 1e-9);
    }

    @Test
    void shouldNotTellOfLongAgo() throws IOException {
        nowNs.addAndGet(3_000 * NS_PER_MS);
        write(LATER, 3_000, 5_000);
        assertEquals(Optional.empty(), load.sinceLast());
    }

    @Test
    void shouldTellNothingWhereTheKernelDoesNot() throws IOException {
        for (String cpu : List.of("cpu  120 30", "cpu  a b c d e f g h", "")) {
            nowNs.addAndGet(250 * NS_PER_MS);
            write(cpu, 3_000, 5_000);
            assertEquals(Optional.empty(), load.sinceLast(), cpu);
        }
        Files.delete(proc.resolve("stat"));
        assertEquals(Optional.empty(), load.sinceLast());
        write(BEGIN, 3_000, 5_000);
        assertEquals(Optional.empty(), load.sinceLast());
        nowNs.addAndGet(250 * NS_PER_MS);
        write(LATER, 3_000, 5_000);
        assertTrue(load.sinceLast().isPresent());
    }

    @Test
    void shouldReadWhatThisKernelTells() {
        var here = new HostLoad(List.of("lo"));
        here.sinceLast();
        Optional<HostLoad.Sample> sample = Optional.empty();
        long until = System.nanoTime() + 10_000 * NS_PER_MS;
        while (sample.isEmpty() && System.nanoTime() < until) {
            Thread.onSpinWait();
            sample = here.sinceLast();
        }
        assertTrue(sample.orElseThrow().idle() >= 0 && sample.get().idle() <= 1, sample.toString());
    }
}
