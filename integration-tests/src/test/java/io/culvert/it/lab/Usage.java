package io.culvert.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process has used, by {@code /proc}. */
public final class Usage {
    /** What Linux shows user space on every architecture that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    private Usage() {}

    /** User and system time of all its threads, ended ones included. */
    public static double cpuSeconds(long pid) {
        // The name, in parentheses, may hold anything; what follows is numbers: state is field 3, utime 14, stime 15.
        String stat = read(pid, "stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[14 - 3]) + Long.parseLong(fields[15 - 3])) / TICKS_PER_SECOND;
    }

    /** Resident memory. */
    public static double residentMib(long pid) {
        return read(pid, "status")
                        .lines()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("process " + pid + " has ended"))
                / 1024.0;
    }

    private static String read(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc", "" + pid, file));
        } catch (IOException e) {
            throw new UncheckedIOException("process " + pid + " cannot be looked at; has it ended?", e);
        }
    }
}
