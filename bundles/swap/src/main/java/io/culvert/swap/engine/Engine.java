package io.culvert.swap.engine;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathWatch;
import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.osgi.Wiring;
import io.culvert.swap.plan.Refused;
import io.culvert.swap.plan.SwapPlan;
import io.culvert.swap.repository.ModuleSource;
import io.culvert.swap.state.Change;
import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.state.ChangeState;
import io.culvert.swap.state.Jar;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans changes of modules and carries them out, one at a time; whoever asked for one may leave.
 *
 * <p>Threads: any; a change runs on a thread of its own.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    /** How long no packet may come before everything may stop for a moment. */
    private static final Duration REST = Duration.ofSeconds(5);

    private final ModuleHome home;
    private final ModuleSettings settings;
    private final Planner planner;
    private final Work work;
    private final Sweep sweep;
    private @Nullable Running running;

    /** The change under way, with the thread that carries it out. */
    private record Running(Change change, Progress progress, Thread thread) {}

    /** Finds what the engine needs and may be gone at times. */
    public record Surroundings(
            Supplier<Optional<LiveSessions>> sessions, Supplier<Optional<PathWatch>> path, Supplier<List<Map<?, ?>>> listeners) {}

    public Engine(
            Modules modules,
            Components components,
            ModuleHome home,
            Trust trust,
            ModuleSource source,
            ModuleSettings settings,
            Surroundings surroundings) {
        this.home = home;
        this.settings = settings;
        var wiring = new Wiring(modules);
        planner = new Planner(modules, wiring, components, home, trust, source, settings, surroundings.sessions());
        work = new Work(modules, components, wiring, home, settings, trust, surroundings);
        sweep = new Sweep(surroundings.path(), System::gc, REST);
    }

    /**
     * Settles what the process before this one left unfinished.
     *
     * @return one line for each change
     */
    public List<String> settle() throws IOException {
        List<Change> settled = home.settle();
        for (Change change : settled) {
            if (change.kind() == Kind.INSTALL && !(change.state() instanceof ChangeState.Kept)
                    && home.states().of(change.module()).current().isEmpty()) {
                settings.remove(change.module());
            }
            LOG.warn("swap change={}: {}, {}", change.id(), change.title(), change.state().reason());
        }
        return settled.stream()
                .map(change -> change.title() + ": " + change.state().word() + ", " + change.state().reason())
                .toList();
    }

    /**
     * What a change would do.
     *
     * @param module its id; empty when the jar tells
     * @param target a file, or the id of a module that is offered
     * @throws Refused when there is nothing to plan
     */
    public synchronized SwapPlan plan(Kind kind, String module, String target, Optional<Strategy> strategy)
            throws Refused, IOException {
        return planner.plan(kind, module, target, strategy);
    }

    /** The sessions that each version of a module serves. */
    public Map<String, Integer> usage(String module) {
        return planner.usage(module);
    }

    /**
     * Begins a change; it goes on by itself.
     *
     * @throws Refused when the plan says no, or another change is under way
     * @throws StalePlan when {@code options} name another plan than the one that holds now
     */
    public synchronized Progress apply(SwapPlan shown, Options options) throws Refused, StalePlan, IOException {
        Running other = running;
        if (other != null && other.thread.isAlive()) {
            Change change = other.progress.change();
            throw new Refused("change " + change.id() + ", " + change.title() + ", is under way (" + change.state().word()
                    + "); wait for it, or call it off with: culvert module cancel " + change.id());
        }
        SwapPlan plan = planner.plan(shown.kind(), shown.module(), shown.target(), options.strategy());
        if (!options.planHash().isEmpty() && !options.planHash().equals(plan.hash())) {
            throw new StalePlan(plan);
        }
        if (!plan.refusals().isEmpty()) {
            throw new Refused(plan.refusals().getFirst());
        }
        Change change = home.begin(
                plan.kind(),
                plan.module(),
                plan.target(),
                plan.file().isPresent() ? Optional.of(new Jar(plan.sha256(), plan.to())) : Optional.empty(),
                plan.from(),
                plan.strategy(),
                options.watchSeconds(plan.kind()),
                options.note(),
                plan.hash());
        change = home.move(home.move(change, new ChangeState.Planned()), new ChangeState.Approved());
        var progress = new Progress(change);
        var task = work.task(change, plan, progress, options.limits());
        running = new Running(change, progress, Thread.ofPlatform().daemon().name("culvert-swap").start(() -> {
            task.run();
            sweep.due();
        }));
        return progress;
    }

    /** Calls a change off: what has not moved stays, what has moved goes back. */
    public synchronized Progress cancel(int id) throws Refused {
        Running now = running;
        if (now == null || now.change.id() != id || !now.thread.isAlive()) {
            throw new Refused("change " + id + " is not under way; see: culvert module changes");
        }
        work.callOff();
        return now.progress;
    }

    /** The newest {@code count} changes, oldest first. */
    public List<Change> changes(int count) throws IOException {
        return home.changes().last(count);
    }

    public Optional<Change> change(int id) throws IOException {
        return home.changes().find(id);
    }

    /** Gives up what is under way; the next start settles it. */
    @Override
    public void close() {
        Running now;
        synchronized (this) {
            now = running;
        }
        if (now != null) {
            work.close();
            now.thread.interrupt();
        }
        sweep.close();
    }
}
