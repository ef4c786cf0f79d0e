package io.culvert.swap.engine;

import io.culvert.swap.plan.SwapPlan;

/** The state is no longer the one that the plan saw. */
public final class StalePlan extends Exception {
    private static final long serialVersionUID = 1;

    private final transient SwapPlan fresh;

    StalePlan(SwapPlan fresh) {
        super("the modules have changed since the plan was made; look at the new plan " + fresh.hash());
        this.fresh = fresh;
    }

    /** A plan for the state as it is. */
    public SwapPlan fresh() {
        return fresh;
    }
}
