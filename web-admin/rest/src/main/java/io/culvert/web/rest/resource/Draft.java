package io.culvert.web.rest.resource;

import io.culvert.web.rest.resource.ChangesResource.Plan;
import io.culvert.web.rest.resource.ChangesResource.PlanChange;
import java.time.Instant;

/** A change that was planned and waits for somebody's word. What it would set may be secret. */
final class Draft {
    final String id;
    final PlanChange wish;
    final String by;
    final Instant created;
    Plan plan;
    /** Of the change that it became; empty as long as it waits. */
    String became = "";
    boolean cancelled;

    Draft(String id, PlanChange wish, String by, Instant created, Plan plan) {
        this.id = id;
        this.wish = wish;
        this.by = by;
        this.created = created;
        this.plan = plan;
    }
}
