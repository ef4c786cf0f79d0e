package io.culvert.control.command;

import io.culvert.control.config.Plan;
import java.time.Duration;
import java.util.List;

/** Waits for modules to come up, and no longer than makes sense. */
public final class Readiness {
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final AppliedModules modules;
    private final Duration settled;
    private final Duration limit;

    /**
     * @param settled how long nothing may move before the wait is given up
     * @param limit how long it may last at all
     */
    public Readiness(AppliedModules modules, Duration settled, Duration limit) {
        this.modules = modules;
        this.settled = settled;
        this.limit = limit;
    }

    /** The last look: with failures, or with neither failures nor waiting modules, or when the wait was given up. */
    public AppliedModules.Look await(Plan plan) throws InterruptedException {
        long startNs = System.nanoTime();
        long movedNs = startNs;
        var look = modules.look(plan);
        while (!look.waiting().isEmpty() && look.failures().isEmpty()) {
            Thread.sleep(PAUSE);
            long nowNs = System.nanoTime();
            var next = modules.look(plan);
            if (next.changes() != look.changes() || !next.waiting().equals(look.waiting())) {
                movedNs = nowNs;
            }
            look = next;
            if (nowNs - movedNs > settled.toNanos() || nowNs - startNs > limit.toNanos()) {
                return look;
            }
        }
        return look;
    }

    /** What is wrong, one line each; a failure hides those that merely wait for what failed. */
    public static List<String> problems(AppliedModules.Look look) {
        return look.failures().isEmpty() ? look.waiting() : look.failures();
    }
}
