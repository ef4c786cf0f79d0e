package io.culvert.web.watch;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.SessionStatus;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything around the packet path: modules, changes, what serves the sessions, how busy the packet loops are, and the
 * numbers that parts show in {@code culvert status}.
 */
final class PartMetrics implements MultiCollector {
    private static final Logger LOG = LoggerFactory.getLogger(PartMetrics.class);
    private static final String LOOP = "culvert-loop-";

    private final Supplier<List<SessionStatus>> sessions;
    private final Supplier<List<ModuleSettings.State>> modules;
    private final Supplier<List<HealthCheck>> parts;
    private final Supplier<Map<ChangeCounts.Outcome, Long>> changes;

    PartMetrics(
            Supplier<List<SessionStatus>> sessions,
            Supplier<List<ModuleSettings.State>> modules,
            Supplier<List<HealthCheck>> parts,
            Supplier<Map<ChangeCounts.Outcome, Long>> changes) {
        this.sessions = sessions;
        this.modules = modules;
        this.parts = parts;
        this.changes = changes;
    }

    @Override
    public MetricSnapshots collect() {
        Family status = Family.gauge("culvert_status", "A number of a part's status.", "part", "fact");
        Family problems = Family.gauge("culvert_problem", "Whether a part has a problem.", "part");
        for (HealthCheck part : parts.get()) {
            Map<String, Object> facts = facts(part);
            problems.add(facts.containsKey("problem") ? 1 : 0, part.name());
            numbers(status, part.name(), "", facts);
        }
        return new MetricSnapshots(List.of(
                serving().read(), running().read(), swaps().read(), loops().read(), problems.read(), status.read()));
    }

    private static Map<String, Object> facts(HealthCheck part) {
        try {
            return part.status();
        } catch (RuntimeException | LinkageError e) {
            LOG.debug("web.watch: {} does not tell its status", part.name(), e);
            return Map.of("problem", "it does not tell its status");
        }
    }

    private static void numbers(Family status, String part, String before, Map<?, ?> facts) {
        facts.forEach((name, value) -> {
            // Drops and ends are metrics of their own.
            if (value instanceof Map<?, ?> below && !name.equals("drops") && !name.equals("closes")) {
                numbers(status, part, before + name + ".", below);
            } else if (value instanceof Number number) {
                status.add(number.doubleValue(), part, before + name);
            }
        });
    }

    private Family serving() {
        Family serving = Family.gauge(
                "culvert_sessions_served", "Sessions by what serves them.", "kind", "module", "version");
        Map<List<String>, Integer> counts = new LinkedHashMap<>();
        for (SessionStatus session : sessions.get()) {
            session.modules().forEach((kind, module) -> counts.merge(List.of(kind, module), 1, Integer::sum));
        }
        counts.forEach((by, count) ->
                serving.add(count, by.getFirst(), PathMetrics.id(by.getLast()), PathMetrics.version(by.getLast())));
        return serving;
    }

    private Family running() {
        Family running = Family.gauge("culvert_module", "An installed module's state: 1.", "module", "version", "state");
        modules.get().forEach(each -> running.add(1, each.module(), each.version(), each.state()));
        return running;
    }

    private Family swaps() {
        Family swaps = Family.counter(
                "culvert_changes", "Changes of modules that ended since this module started.", "kind", "outcome");
        changes.get().forEach((by, count) -> swaps.add(count, by.kind(), by.outcome()));
        return swaps;
    }

    /** The rate of a loop's CPU time is the share of time that it is busy: it sleeps in the kernel when it has nothing to do. */
    private static Family loops() {
        Family loops = Family.counter(
                "culvert_loop_busy_seconds", "CPU time of a packet loop; its rate is the share that it is busy.", "loop");
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        Map<String, Long> busy = new TreeMap<>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith(LOOP)) {
                long ns = threads.getThreadCpuTime(thread.getThreadId());
                busy.merge(thread.getThreadName().substring(LOOP.length()), Math.max(0, ns), Math::max);
            }
        }
        busy.forEach((loop, ns) -> loops.add(ns / 1e9, loop));
        return loops;
    }
}
