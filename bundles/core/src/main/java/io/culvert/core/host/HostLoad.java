package io.culvert.core.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What the host has to do: its CPU times (proc_stat(5)), and the bytes of some of its network devices (proc_pid_net(5)).
 * Threads: any.
 */
public final class HostLoad {
    private static final double NS_PER_S = 1e9;

    /** Longer ago tells little of what there is now. */
    private static final double LONGEST_S = 2;

    // Of stat's first line, behind its name: user, nice, system, idle, iowait, irq, softirq, steal; guests' are in user's.
    private static final int IDLE = 3;
    private static final int WAITING = 4;
    private static final int CPU_TIMES = 8;

    // Of a device's line, behind its name.
    private static final int RECEIVED = 0;
    private static final int SENT = 8;

    private final Path proc;
    private final List<String> devices;
    private final LongSupplier nanoTime;

    /** Guarded by this. */
    private Optional<Totals> before = Optional.empty();

    private record Totals(long atNs, long idle, long all, long bytes) {}

    /**
     * What there was for some time.
     *
     * @param idle part of the CPUs' time in which they had nothing to do, 0 to 1
     * @param bytesPerSecond that came from the devices and went to them
     * @param seconds how long that was
     */
    public record Sample(double idle, double bytesPerSecond, double seconds) {}

    /** @param devices that need not be there */
    public HostLoad(List<String> devices) {
        this(Path.of("/proc"), devices, System::nanoTime);
    }

    HostLoad(Path proc, List<String> devices, LongSupplier nanoTime) {
        this.proc = proc;
        this.devices = List.copyOf(devices);
        this.nanoTime = nanoTime;
    }

    /** Since the call before; empty when that is long ago, and where the kernel does not tell. Reads two files. */
    public synchronized Optional<Sample> sinceLast() {
        Optional<Totals> last = before;
        try {
            before = Optional.of(read());
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            before = Optional.empty();
        }
        return last.flatMap(from -> before.flatMap(to -> between(from, to)));
    }

    private static Optional<Sample> between(Totals from, Totals to) {
        double seconds = (to.atNs - from.atNs) / NS_PER_S;
        if (seconds <= 0 || seconds > LONGEST_S || to.all <= from.all) {
            return Optional.empty();
        }
        // The kernel's idle time may step back a little.
        double idle = Math.clamp((double) (to.idle - from.idle) / (to.all - from.all), 0, 1);
        return Optional.of(new Sample(idle, (to.bytes - from.bytes) / seconds, seconds));
    }

    private Totals read() throws IOException {
        long[] cpu;
        try (var lines = Files.newBufferedReader(proc.resolve("stat"))) {
            String line = lines.readLine();
            cpu = numbers(line == null ? "" : line.substring(line.indexOf(' ') + 1));
        }
        return new Totals(
                nanoTime.getAsLong(),
                cpu[IDLE] + cpu[WAITING],
                Arrays.stream(cpu, 0, CPU_TIMES).sum(),
                bytes());
    }

    private long bytes() throws IOException {
        long bytes = 0;
        for (String line : Files.readAllLines(proc.resolve("self/net/dev"), StandardCharsets.ISO_8859_1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && devices.contains(line.substring(0, colon).strip())) {
                long[] of = numbers(line.substring(colon + 1));
                bytes += of[RECEIVED] + of[SENT];
            }
        }
        return bytes;
    }

    private static long[] numbers(String text) {
        return Arrays.stream(text.strip().split("\\s+")).mapToLong(Long::parseLong).toArray();
    }
}
