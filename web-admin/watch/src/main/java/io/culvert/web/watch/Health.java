package io.culvert.web.watch;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.PathStatus;
import java.util.List;
import java.util.function.Supplier;

/** Whether a load balancer should send new clients here. */
final class Health {
    private static final long FRESH_NS = 1_000_000_000L;

    private final Supplier<PathStatus> path;
    private final Supplier<List<ModuleSettings.State>> modules;
    private volatile boolean draining;
    private boolean ready;
    private long takenNs;
    private boolean taken;

    Health(Supplier<PathStatus> path, Supplier<List<ModuleSettings.State>> modules) {
        this.path = path;
        this.modules = modules;
    }

    /** New clients are to go elsewhere; those who are here stay. */
    void drain(boolean wanted) {
        draining = wanted;
    }

    boolean draining() {
        return draining;
    }

    /** Every module that ought to run does, some tunnel is served, and it is not draining. */
    boolean ready() {
        return !draining && works();
    }

    /** At most a second old: anybody may ask, and a look goes through every component. */
    private synchronized boolean works() {
        long now = System.nanoTime();
        if (!taken || now - takenNs >= FRESH_NS) {
            boolean serving = path.get().tunnels().values().stream().anyMatch(tunnel -> !tunnel.module().isEmpty());
            ready = serving && modules.get().stream().noneMatch(each -> each.state().equals("fails"));
            takenNs = now;
            taken = true;
        }
        return ready;
    }
}
