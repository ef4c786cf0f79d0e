package io.culvert.it.hotplug;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** What a bundle that is gone left in the process. */
final class Leftovers {
    private static final long SETTLED_MS = 1_000;

    private final HotPlugContainer container;
    private final String name;
    private final long deadlineS;
    private final ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
    private final List<HeapPath.Watched> loaders = new ArrayList<>();
    private final List<String> found = new ArrayList<>();
    private String figures = "";

    /**
     * @param found one line for each thing that stayed; the best is none
     * @param figures what the process held before and after
     */
    record Report(List<String> found, String figures) {}

    /** How much there is of everything that could grow. */
    private record Figures(long metaspaceKib, int classes, int threads, int files, int providers) {
        static Figures now() {
            long metaspace = ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(p -> p.getName().equals("Metaspace"))
                    .mapToLong(p -> p.getUsage().getUsed())
                    .sum();
            return new Figures(
                    metaspace / 1024,
                    ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
                    total(Leftovers.threads()),
                    total(openFiles()),
                    total(registrations()));
        }

        private static int total(Map<String, Integer> counts) {
            return counts.values().stream().mapToInt(Integer::intValue).sum();
        }

        String to(Figures after) {
            return "metaspace " + metaspaceKib + " -> " + after.metaspaceKib + " KiB, classes " + classes + " -> "
                    + after.classes + ", threads " + threads + " -> " + after.threads + ", open files " + files + " -> "
                    + after.files + ", drivers and providers " + providers + " -> " + after.providers;
        }
    }

    private Leftovers(HotPlugContainer container, String name, long deadlineS) {
        this.container = container;
        this.name = name;
        this.deadlineS = deadlineS;
    }

    /**
     * Reinstalls the bundle so often.
     *
     * @param deadlineS how long what ends by itself may take, in seconds
     */
    static Report of(HotPlugContainer container, String name, int rounds, long deadlineS) throws Exception {
        var leftovers = new Leftovers(container, name, deadlineS);
        leftovers.look(rounds);
        return new Report(leftovers.found, leftovers.figures);
    }

    /**
     * Stops and removes the bundle, the older one of two.
     *
     * @param deadlineS as in {@link #of}
     */
    static Report ofRetiring(HotPlugContainer container, String name, long deadlineS) throws Exception {
        var leftovers = new Leftovers(container, name, deadlineS);
        leftovers.watch();
        long stopped = container.retire(name);
        leftovers.lookForLoaders();
        return new Report(leftovers.found, "in " + stopped + " ms");
    }

    private void look(int rounds) throws Exception {
        // Once before counting: the JDK and the libraries open and start some things at first use, and keep them.
        round();
        awaitCollected();
        awaitSettled();
        var threads = threads();
        var files = openFiles();
        var registrations = registrations();
        var before = Figures.now();
        for (int n = 0; n < rounds; n++) {
            round();
        }
        lookForLoaders();
        compare("threads", threads, Leftovers::threads);
        compare("open files", files, Leftovers::openFiles);
        compare("drivers and providers", registrations, Leftovers::registrations);
        figures = before.to(Figures.now());
    }

    /** Some modules open their listeners after all else is ready. */
    private void awaitSettled() throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(deadlineS);
        Map<String, Integer> before = Map.of();
        for (var now = openFiles(); !now.equals(before) && System.nanoTime() < until; now = openFiles()) {
            before = now;
            collected.remove(SETTLED_MS);
        }
    }

    private void watch() {
        loaders.add(new HeapPath.Watched(container.classLoader(name), collected));
    }

    private void lookForLoaders() throws Exception {
        awaitCollected();
        int left = (int) loaders.stream().filter(l -> !l.refersTo(null)).count();
        if (left > 0) {
            for (String way : HeapPath.toWatched()) {
                found.add("a class loader of " + name + ", " + left + " of " + loaders.size() + " stay: " + way);
            }
        }
    }

    private void round() throws Exception {
        watch();
        container.reinstall(name, this::awaitNoThread);
    }

    // ---- class loaders ----

    private void awaitCollected() throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(deadlineS);
        while (loaders.stream().anyMatch(l -> !l.refersTo(null)) && System.nanoTime() < until) {
            System.gc();
            collected.remove(200);
        }
    }

    // ---- threads ----

    private void awaitNoThread() throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(deadlineS);
        List<String> running = running();
        while (!running.isEmpty() && System.nanoTime() < until) {
            collected.remove(50);
            running = running();
        }
        running.forEach(t -> found.add("a thread: " + t));
    }

    /** The threads, virtual ones as well, that are in the bundle's code or have its class loader. */
    private List<String> running() {
        var running = new ArrayList<String>();
        // With a loader's or a module's name before it, or alone.
        var code = Pattern.compile("^\\s+at (.*/)?" + Pattern.quote(name + "."));
        String thread = "";
        for (String line : dump()) {
            if (line.startsWith("#")) {
                thread = line;
            } else if (code.matcher(line).find()) {
                running.add(thread + line.strip());
            }
        }
        for (Thread each : Thread.getAllStackTraces().keySet()) {
            if (each.getContextClassLoader() == loaders.getLast().get() && each.getContextClassLoader() != null) {
                running.add(each + " has the class loader");
            }
        }
        return running;
    }

    private static List<String> dump() {
        try {
            var directory = Files.createTempDirectory("hotplug");
            Path file = directory.resolve("threads");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
                return Files.readAllLines(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what is there, by name ----

    private void compare(String what, Map<String, Integer> before, Supplier<Map<String, Integer>> now)
            throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(deadlineS);
        var more = more(before, now.get());
        while (!more.isEmpty() && System.nanoTime() < until) {
            // Cleaners close some things, and threads end, a little later.
            System.gc();
            collected.remove(200);
            more = more(before, now.get());
        }
        if (!more.isEmpty()) {
            found.add(what + ": more than before " + more);
        }
    }

    /** One where there was none is no leak: a log file is opened when there is something to write. */
    private static Map<String, Integer> more(Map<String, Integer> before, Map<String, Integer> after) {
        var more = new TreeMap<String, Integer>();
        after.forEach((name, times) -> {
            int expected = Math.max(1, before.getOrDefault(name, 0));
            if (times > expected) {
                more.put(name, times - expected);
            }
        });
        return more;
    }

    private static Map<String, Integer> threads() {
        return count(Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                // The scheduler of virtual threads has as many as it finds good, and the JDK keeps the threads that wait
                // for child processes a minute longer than these.
                .filter(n -> !n.startsWith("ForkJoinPool") && !n.equals("process reaper"))
                .map(Leftovers::withoutNumbers)
                .toList());
    }

    private static Map<String, Integer> openFiles() {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return count(files.map(Leftovers::target).map(Leftovers::withoutNumbers).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "the list itself";
        }
    }

    private static Map<String, Integer> registrations() {
        var all = new ArrayList<String>();
        try {
            // The drivers that bundles register are not shown to us by the public way.
            var field = DriverManager.class.getDeclaredField("registeredDrivers");
            field.setAccessible(true);
            ((Collection<?>) field.get(null)).forEach(d -> all.add(withoutIdentity(String.valueOf(d))));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        Arrays.stream(Security.getProviders()).map(Provider::getName).forEach(all::add);
        return count(all);
    }

    private static String withoutIdentity(String text) {
        return text.replaceAll("@[0-9a-f]+", "");
    }

    private static String withoutNumbers(String text) {
        return text.replaceAll("\\d+", "N");
    }

    private static Map<String, Integer> count(List<String> all) {
        var counts = new TreeMap<String, Integer>();
        all.forEach(each -> counts.merge(each, 1, Integer::sum));
        return counts;
    }
}
