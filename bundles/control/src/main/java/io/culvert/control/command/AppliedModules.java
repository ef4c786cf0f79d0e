package io.culvert.control.command;

import io.culvert.control.config.Plan;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How the container's modules do, measured against a plan. Plain, so that commands need no container. */
public interface AppliedModules {
    /**
     * One look at every module of {@code plan}.
     *
     * @param changes counts what happened to components; the same number twice means that nothing moved
     */
    record Look(List<String> failures, List<String> waiting, List<Map<String, Object>> listeners, long changes) {}

    Look look(Plan plan);

    /** Ids of the modules of {@code plan} that ought to run: those that nobody has stopped or removed. */
    default Set<String> running(Plan plan) {
        return plan.modules();
    }
}
