package io.culvert.it.perf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** What another JVM's heap holds, by {@code jcmd}. */
final class LiveHeap {
    private LiveHeap() {}

    /** Bytes of live objects by class, behind a full collection. */
    static Map<String, Long> bytes(long pid) throws IOException, InterruptedException {
        var bytes = new HashMap<String, Long>();
        // Twice: what only soft or weak references and finished threads held is gone behind the second one.
        jcmd(pid, "GC.run");
        for (String line : jcmd(pid, "GC.class_histogram").lines().toList()) {
            String[] words = line.strip().split("\\s+");
            if (words.length >= 4
                    && words[0].endsWith(":")
                    && words[1].chars().allMatch(Character::isDigit)
                    && !words[3].contains("FillerElement")) {
                bytes.merge(words[3], Long.parseLong(words[2]), Long::sum);
            }
        }
        return bytes;
    }

    static long total(Map<String, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), "" + pid, command)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException("jcmd " + command + " failed: " + output);
        }
        return output;
    }
}
