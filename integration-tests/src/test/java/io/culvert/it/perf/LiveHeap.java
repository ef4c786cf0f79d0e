package io.culvert.it.perf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What another JVM holds, on its heap and of malloc, by {@code jcmd}. */
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

    /** Bytes that native code and off-heap arenas have of malloc(3), in use. */
    static long mallocBytes(long pid) throws IOException, InterruptedException {
        // Of malloc_info(3); what comes behind the last arena is of all of them.
        String info = jcmd(pid, "System.native_heap_info");
        String totals = info.substring(info.lastIndexOf("</heap>") + 1);
        return size(totals, "system type=\"current\"") + size(totals, "total type=\"mmap\"")
                - size(totals, "total type=\"fast\"") - size(totals, "total type=\"rest\"");
    }

    private static long size(String totals, String element) throws IOException {
        var size = Pattern.compile("<" + element + "[^>]*size=\"(\\d+)\"").matcher(totals);
        if (!size.find()) {
            throw new IOException("malloc_info without <" + element + ">: " + totals);
        }
        return Long.parseLong(size.group(1));
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
