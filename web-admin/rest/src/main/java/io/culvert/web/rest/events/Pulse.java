package io.culvert.web.rest.events;

import io.culvert.api.status.PathStatus;
import io.culvert.web.rest.resource.Appliance;
import io.culvert.web.rest.resource.ChangesResource.Change;
import io.culvert.web.rest.resource.OverviewResource.SessionCounts;
import io.culvert.web.rest.resource.SessionsResource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One look a second: the history always, as it costs next to nothing, and the events only while somebody listens. Runs on
 * a virtual thread of its own, never on a packet loop.
 */
public final class Pulse implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int RECENT_CHANGES = 8;
    /** So long a listener may be away, and still finds its place. */
    private static final int REST_SECONDS = 60;

    private final Appliance appliance;
    private final EventHub hub;
    private final Function<Object, String> json;
    private final Runnable second;
    private final Map<String, String> modules = new HashMap<>();
    private final Map<String, String> changes = new HashMap<>();
    private long lastAudit = -1;
    private int idleSeconds = REST_SECONDS;
    private int failures;
    private volatile boolean closed;

    /** A module whose state has changed. */
    public record ModuleEvent(String id, String state, String version, String reason) {}

    /** What moved within the last second. */
    public record ThroughputEvent(
            long time,
            long inBitsPerSecond,
            long outBitsPerSecond,
            long inPacketsPerSecond,
            long outPacketsPerSecond,
            long drops) {}

    /** Sessions now. */
    public record CountsEvent(
            long time, int sessions, int established, Map<String, Integer> byInstance, int usersOnline) {}

    /** The newest entry of the audit log. */
    public record AuditEvent(long number) {}

    /** @param second is run once a second */
    public Pulse(Appliance appliance, EventHub hub, Function<Object, String> json, Runnable second) {
        this.appliance = appliance;
        this.hub = hub;
        this.json = json;
        this.second = second;
    }

    @Override
    public void run() {
        long nextNs = System.nanoTime();
        while (!closed) {
            try {
                beat();
                failures = 0;
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | LinkageError e) {
                // Modules come and go under this; what lasts shows in the log once.
                if (++failures == 3) {
                    LOG.warn("web.rest events: {}", e.toString());
                }
            }
            nextNs = Math.max(nextNs + SECOND_NS, System.nanoTime());
            while (!closed && System.nanoTime() - nextNs < 0) {
                LockSupport.parkNanos(nextNs - System.nanoTime());
                if (Thread.interrupted()) {
                    return;
                }
            }
        }
    }

    public void close() {
        closed = true;
    }

    private void beat() throws InterruptedException {
        second.run();
        PathStatus path = appliance.path();
        long time = appliance.now().getEpochSecond();
        double[] moved = appliance.sample(time, path);
        if (!hub.listening()) {
            if (++idleSeconds == REST_SECONDS) {
                hub.rest();
            }
            if (idleSeconds >= REST_SECONDS) {
                modules.clear();
                changes.clear();
                return;
            }
        } else {
            idleSeconds = 0;
        }
        hub.publish("throughput", json.apply(new ThroughputEvent(
                time, (long) moved[0], (long) moved[1], (long) moved[2], (long) moved[3], (long) moved[7])));
        SessionsResource.Tally tally = appliance.tally();
        SessionCounts counts = tally.counts();
        hub.publish("counts", json.apply(new CountsEvent(
                time, counts.total(), counts.established(), counts.byInstance(), tally.users())));
        modules();
        changes();
        audit();
    }

    private void modules() {
        boolean first = modules.isEmpty();
        appliance.modules().forEach(state -> {
            String now = state.state() + " " + state.version() + " " + state.problem();
            if (!now.equals(modules.put(state.module(), now)) && !first) {
                hub.publish("module", json.apply(
                        new ModuleEvent(state.module(), state.state(), state.version(), state.problem())));
            }
        });
    }

    private void changes() throws InterruptedException {
        boolean first = changes.isEmpty();
        List<Change> newest = appliance.changes(RECENT_CHANGES);
        for (Change change : newest.reversed()) {
            if (!change.updated().concat(change.state()).equals(changes.put(change.id(), change.updated() + change.state()))
                    && (!first || !change.over())) {
                hub.publish("change", json.apply(change));
            }
        }
        if (newest.isEmpty()) {
            changes.put("", "");
        }
    }

    private void audit() {
        long newest = appliance.newestAudit();
        if (newest != lastAudit && lastAudit >= 0) {
            hub.publish("audit", json.apply(new AuditEvent(newest)));
        }
        lastAudit = newest;
    }
}
