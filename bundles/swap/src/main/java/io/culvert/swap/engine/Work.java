package io.culvert.swap.engine;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.osgi.Wiring;
import io.culvert.swap.plan.JarIdentity;
import io.culvert.swap.plan.ModuleKind;
import io.culvert.swap.plan.SwapPlan;
import io.culvert.swap.state.Change;
import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.state.ChangeState;
import io.culvert.swap.state.Jar;
import io.culvert.swap.state.ModuleEntry;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries one change out, step by step. Whatever goes wrong, the module that ran before runs afterwards. */
final class Work {
    private static final Logger LOG = LoggerFactory.getLogger(Work.class);
    private static final Duration LISTENERS = Duration.ofSeconds(20);
    private static final Duration WINGS = Duration.ofSeconds(30);
    private static final long PAUSE_MS = 100;
    private static final long SAMPLE_MS = 500;

    private final Modules modules;
    private final Wiring wiring;
    private final ModuleHome home;
    private final ModuleSettings settings;
    private final Trust trust;
    private final Engine.Surroundings surroundings;
    private final Lifecycle lifecycle;
    private final Semaphore calledOff = new Semaphore(0);
    private volatile boolean closed;

    Work(
            Modules modules,
            Components components,
            Wiring wiring,
            ModuleHome home,
            ModuleSettings settings,
            Trust trust,
            Engine.Surroundings surroundings) {
        this.modules = modules;
        this.wiring = wiring;
        this.home = home;
        this.settings = settings;
        this.trust = trust;
        this.surroundings = surroundings;
        lifecycle = new Lifecycle(modules, components, wiring);
    }

    void callOff() {
        calledOff.release();
    }

    void close() {
        closed = true;
    }

    Runnable task(Change change, SwapPlan plan, Progress progress, Limits limits) {
        calledOff.drainPermits();
        return new Task(change, plan, progress, limits);
    }

    /** One change. */
    private final class Task implements Runnable {
        private final SwapPlan plan;
        private final Progress progress;
        private final Limits limits;
        private final ModuleEntry entryBefore;
        private Change change;
        private @Nullable Bundle old;
        private boolean oldRan;
        private boolean oldHangs;
        private @Nullable Bundle fresh;
        private boolean freshHangs;
        private boolean settingsAdded;
        private boolean moved;
        private boolean committed;
        private Optional<Jar> before = Optional.empty();
        private @Nullable PathStatus pathBefore;

        private Task(Change change, SwapPlan plan, Progress progress, Limits limits) {
            this.limits = limits;
            this.change = change;
            this.plan = plan;
            this.progress = progress;
            entryBefore = home.states().of(change.module());
        }

        @Override
        public void run() {
            try {
                LOG.info("swap change={}: {} begins", change.id(), change.title());
                Bundle present = modules.find(change.module()).orElse(null);
                old = present;
                oldRan = present != null && present.getState() == Bundle.ACTIVE;
                pathBefore = path();
                String result = change.kind().bringsJar() ? bring() : change.kind() == Kind.START ? startOld() : leave();
                move(new ChangeState.Kept(result));
                LOG.info("swap change={}: {} is kept{}", change.id(), change.title(), result.isEmpty() ? "" : ", " + result);
                tidy();
            } catch (StepFailed e) {
                undo(e.getMessage());
            } catch (IOException | BundleException e) {
                undo(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
            } catch (InterruptedException e) {
                if (!closed) {
                    undo("interrupted");
                }
            } catch (RuntimeException | LinkageError e) {
                LOG.error("swap change={}: failed by a fault of its own", change.id(), e);
                undo("the engine failed: " + e);
            } finally {
                progress.end(change);
            }
        }

        private void move(ChangeState state) throws IOException {
            change = home.move(change, state);
            progress.add(change, state.word() + (state.reason().isEmpty() ? "" : ": " + state.reason()));
        }

        private void say(String line) {
            change = home.note(change, line);
            progress.add(change, line);
            LOG.info("swap change={}: {}", change.id(), line);
        }

        private void checkCalledOff() throws StepFailed {
            if (calledOff.tryAcquire()) {
                throw new StepFailed.CalledOff();
            }
        }

        // ---- another jar ----

        private String bring() throws StepFailed, IOException, BundleException, InterruptedException {
            move(new ChangeState.Staging());
            Path file = plan.file().orElseThrow();
            Jar jar = home.take(file, plan.to());
            if (!jar.sha256().equals(plan.sha256())) {
                throw new StepFailed(file + " has changed since the plan was made");
            }
            var refusal = trust.refusal(trust.verdict(home.file(jar)));
            if (refusal.isPresent()) {
                throw new StepFailed(refusal.get());
            }
            Bundle leaving = old;
            if (leaving != null) {
                before = Optional.of(home.take(modules.file(leaving), leaving.getVersion().toString()));
            }
            Bundle coming = modules.install(change.module(), jar, change.id());
            fresh = coming;
            settingsAdded = settings.add(change.module());
            lifecycle.resolve(coming);
            say("installed " + plan.to() + (leaving == null ? "" : " beside " + leaving.getVersion()));
            if (change.strategy() == Strategy.SIDE_BY_SIDE) {
                rehearse(coming, leaving != null);
            }
            boolean waits = change.strategy() == Strategy.REPLACE && oldRan && waitsForItsTurn(coming);
            if (change.strategy() == Strategy.REPLACE) {
                // What takes its time is done while the old version works.
                lifecycle.load(coming);
            }
            if (waits) {
                lifecycle.start(coming);
                lifecycle.awaitReady(coming);
                awaitWings();
                say(plan.to() + " waits for its turn");
            }
            int waiting = Lifecycle.services(coming);
            checkCalledOff();

            move(new ChangeState.Switching());
            moved = leaving != null;
            PathStatus before = pathBefore;
            PathStatus now = path();
            if (leaving != null) {
                stopOld(leaving);
            }
            if (change.strategy() == Strategy.REPLACE) {
                if (!waits) {
                    lifecycle.start(coming);
                    lifecycle.awaitReady(coming);
                } else if (ModuleKind.of(change.module()).offersInItsTurn()) {
                    lifecycle.awaitServices(coming, waiting);
                }
                prove(coming);
            }
            lifecycle.awaitReady(coming);
            awaitListeners();
            say(plan.to() + " is at work");

            String seen = watch(coming, before == null ? now : before, now);
            home.commit(change, this.before, shippedHash());
            committed = true;
            return seen;
        }

        /** Whether it is started beside the other version though it replaces it, unless the jar itself forbids that. */
        private boolean waitsForItsTurn(Bundle bundle) {
            return ModuleKind.of(change.module()).waitsForItsTurn()
                    && !JarIdentity.strategy(bundle.getHeaders().get(JarIdentity.SWAP)).equals(Optional.of(Strategy.REPLACE));
        }

        private Optional<String> shippedHash() throws IOException {
            Optional<Path> shipped = modules.shipped(change.module());
            return shipped.isPresent() ? Optional.of(ModuleHome.hash(shipped.get())) : Optional.empty();
        }

        /** Start, proof, stop and start again, while the old version does all the work. */
        private void rehearse(Bundle coming, boolean beside) throws StepFailed, InterruptedException {
            var surroundings = Lifecycle.Surroundings.now();
            lifecycle.start(coming);
            ClassLoader loader = Lifecycle.loader(coming);
            lifecycle.awaitReady(coming);
            prove(coming);
            checkCalledOff();
            stopFresh(coming);
            lifecycle.leavesNothing(coming, surroundings, loader);
            lifecycle.start(coming);
            lifecycle.awaitReady(coming);
            say("rehearsed: it starts, stops and leaves nothing behind");
            if (beside) {
                awaitWings();
            }
        }

        private void prove(Bundle coming) throws StepFailed, InterruptedException {
            List<String> proven = lifecycle.prove(coming);
            say(proven.isEmpty() ? "self-test: its components are active" : "self-test passed: " + String.join(", ", proven));
        }

        private void stopOld(Bundle leaving) throws StepFailed, InterruptedException {
            try {
                lifecycle.stop(leaving);
            } catch (StepFailed.Hung e) {
                oldHangs = true;
                say(e.getMessage() + "; it is left behind until the next restart");
            }
        }

        private void stopFresh(Bundle coming) throws StepFailed, InterruptedException {
            try {
                if (moved) {
                    lifecycle.stop(coming);
                } else {
                    lifecycle.stopIdle(coming);
                }
            } catch (StepFailed.Hung e) {
                freshHangs = true;
                throw e;
            }
        }

        /** A tunnel takes its sessions over when it has shown that it can read them. */
        private void awaitWings() throws StepFailed, InterruptedException {
            String version = change.module() + "/" + plan.to();
            long deadlineNs = System.nanoTime() + WINGS.toNanos();
            while (true) {
                PathStatus path = path();
                var waiting = path == null
                        ? List.<PathStatus.Waiting>of()
                        : path.waiting().values().stream().filter(each -> each.module().equals(version)).toList();
                for (var each : waiting) {
                    if (!each.problem().isEmpty()) {
                        throw new StepFailed("it cannot take the sessions over: " + each.problem());
                    }
                }
                if (waiting.stream().allMatch(PathStatus.Waiting::ready)) {
                    return;
                }
                if (System.nanoTime() - deadlineNs > 0) {
                    throw new StepFailed("it is not ready to take the sessions over after " + WINGS.toSeconds() + " s");
                }
                Thread.sleep(PAUSE_MS);
            }
        }

        /** Tunnels, and whatever takes tunnels with it, must listen again. */
        private void awaitListeners() throws StepFailed, InterruptedException {
            long deadlineNs = System.nanoTime() + LISTENERS.toNanos();
            while (true) {
                Optional<String> closed = surroundings.listeners().get().stream()
                        .filter(listener -> !"open".equals(listener.get("state")))
                        .map(listener -> listener.get("transport") + " port " + listener.get("port") + " of "
                                + listener.get("instance") + " is not open: " + listener.get("error"))
                        .findFirst();
                if (closed.isEmpty()) {
                    return;
                }
                if (System.nanoTime() - deadlineNs > 0) {
                    throw new StepFailed(closed.get());
                }
                Thread.sleep(PAUSE_MS);
            }
        }

        // ---- the watch ----

        private String watch(Bundle coming, @Nullable PathStatus before, @Nullable PathStatus now)
                throws StepFailed, IOException, InterruptedException {
            if (change.watchSeconds() == 0) {
                return "";
            }
            move(new ChangeState.Watching());
            PathStatus first = now != null ? now : path();
            if (first == null) {
                return watchComponents(coming);
            }
            var watch = new Watch(change.module(), plan.to(), before == null ? first : before, first, limits);
            ServiceRegistration<LogSink> sink =
                    modules.context().registerService(LogSink.class, watch, new Hashtable<>(Map.of("culvert.swap", "watch")));
            try {
                long windowNs = TimeUnit.SECONDS.toNanos(change.watchSeconds());
                long beginNs = System.nanoTime();
                boolean extended = false;
                PathStatus last = first;
                while (true) {
                    long spentNs = System.nanoTime() - beginNs;
                    PathStatus path = path();
                    last = path == null ? last : path;
                    if (spentNs >= windowNs) {
                        if (!watch.tooFewHandshakes(last)) {
                            return watch.summary(last);
                        }
                        if (spentNs >= 2 * windowNs) {
                            return "too few handshakes to judge; " + watch.summary(last);
                        }
                        if (!extended) {
                            extended = true;
                            say("too few handshakes to judge: watching for as long again at most");
                        }
                    }
                    look(coming);
                    Optional<String> breach = watch.breach(last);
                    if (breach.isPresent()) {
                        throw new StepFailed(breach.get());
                    }
                    pause();
                }
            } finally {
                sink.unregister();
            }
        }

        private String watchComponents(Bundle coming) throws StepFailed, InterruptedException {
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(change.watchSeconds());
            while (System.nanoTime() - endNs < 0) {
                look(coming);
                pause();
            }
            return "";
        }

        private void look(Bundle coming) throws StepFailed, InterruptedException {
            if (coming.getState() != Bundle.ACTIVE) {
                throw new StepFailed(change.module() + " has stopped");
            }
            var look = lifecycle.look(coming);
            if (!look.failures().isEmpty()) {
                throw new StepFailed(look.failures().getFirst());
            }
            if (!look.waiting().isEmpty()) {
                // Others that come and go may take it along for a moment.
                lifecycle.awaitReady(coming);
            }
        }

        private void pause() throws StepFailed, InterruptedException {
            if (calledOff.tryAcquire(SAMPLE_MS, TimeUnit.MILLISECONDS)) {
                throw new StepFailed.CalledOff();
            }
        }

        private @Nullable PathStatus path() {
            return surroundings.path().get().map(PathWatch::path).orElse(null);
        }

        // ---- start, stop, remove ----

        private String startOld() throws StepFailed, IOException, InterruptedException {
            Bundle bundle = present();
            move(new ChangeState.Staging());
            settingsAdded = settings.add(change.module());
            move(new ChangeState.Switching());
            moved = true;
            lifecycle.start(bundle);
            lifecycle.awaitReady(bundle);
            prove(bundle);
            awaitListeners();
            PathStatus now = path();
            String seen = watch(bundle, now, now);
            home.commit(change, Optional.empty(), Optional.empty());
            committed = true;
            return seen;
        }

        private String leave() throws StepFailed, IOException, InterruptedException {
            Bundle bundle = present();
            move(new ChangeState.Staging());
            if (change.kind() == Kind.REMOVE) {
                before = Optional.of(home.take(modules.file(bundle), bundle.getVersion().toString()));
            }
            move(new ChangeState.Switching());
            PathStatus now = path();
            // First on the disk, so that nobody starts it again while it stops.
            home.commit(change, before, Optional.empty());
            committed = true;
            moved = true;
            stopOld(bundle);
            awaitListeners();
            if (change.watchSeconds() > 0 && now != null) {
                watchAbsence(now);
            }
            if (change.kind() == Kind.REMOVE && !oldHangs) {
                lifecycle.uninstall(bundle);
                old = null;
                settings.remove(change.module());
            }
            return "";
        }

        private void watchAbsence(PathStatus now) throws StepFailed, IOException, InterruptedException {
            move(new ChangeState.Watching());
            var watch = new Watch(change.module(), "", now, now, limits);
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(change.watchSeconds());
            while (System.nanoTime() - endNs < 0) {
                PathStatus path = path();
                Optional<String> breach = path == null ? Optional.empty() : watch.breach(path);
                if (breach.isPresent()) {
                    throw new StepFailed(breach.get());
                }
                pause();
            }
        }

        private Bundle present() throws StepFailed {
            Bundle bundle = old;
            if (bundle == null) {
                throw new StepFailed(change.module() + " is not installed");
            }
            return bundle;
        }

        // ---- the way back ----

        private void undo(String reason) {
            if (closed) {
                return;
            }
            try {
                if (!moved) {
                    dropFresh();
                    forgetSettings();
                    move(new ChangeState.Failed(reason));
                    LOG.warn("swap change={}: {} failed, nothing has moved: {}", change.id(), change.title(), reason);
                } else {
                    move(new ChangeState.RollingBack(reason));
                    LOG.warn("swap change={}: {} is rolled back: {}", change.id(), change.title(), reason);
                    back();
                    move(new ChangeState.RolledBack(reason));
                }
            } catch (StepFailed | IOException e) {
                needsHand(reason, String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                // The process stops; the next start settles it.
                Thread.currentThread().interrupt();
            }
        }

        private void back() throws StepFailed, IOException, InterruptedException {
            if (committed) {
                home.revert(change, entryBefore);
            }
            if (change.kind() == Kind.START) {
                lifecycle.stop(present());
                forgetSettings();
                return;
            }
            Bundle leaving = fresh;
            boolean together = leaving != null
                    && waitsForItsTurn(leaving)
                    && !ModuleKind.of(change.module()).offersInItsTurn();
            if (change.strategy() == Strategy.REPLACE && change.kind().bringsJar() && !together) {
                dropFresh();
            }
            Bundle bundle = old;
            if (bundle != null && oldRan) {
                lifecycle.start(bundle);
                lifecycle.awaitReady(bundle);
            }
            dropFresh();
            awaitListeners();
            forgetSettings();
            say(plan.from() + " is at work again");
        }

        /** Takes the new version out; one that hangs stays where it is, without anybody who uses it. */
        private void dropFresh() throws InterruptedException {
            Bundle coming = fresh;
            fresh = null;
            if (coming == null) {
                return;
            }
            try {
                if (!freshHangs) {
                    stopFresh(coming);
                    lifecycle.uninstall(coming);
                }
            } catch (StepFailed e) {
                say(e.getMessage() + "; it is left behind until the next restart");
            }
        }

        private void forgetSettings() {
            if (settingsAdded) {
                settingsAdded = false;
                try {
                    settings.remove(change.module());
                } catch (IOException e) {
                    say("its entry in the settings stays: " + e.getMessage());
                }
            }
        }

        private void needsHand(String reason, String problem) {
            LOG.error("swap change={}: {} failed ({}), and so did the way back: {}; a restart brings back what was there before",
                    change.id(), change.title(), reason, problem);
            try {
                move(new ChangeState.FailedNeedsHand(
                        reason + "; the way back failed too: " + problem + "; a restart brings back what was there before"));
            } catch (IOException e) {
                LOG.error("swap change={}: cannot be written: {}", change.id(), e.getMessage());
            }
        }

        /** After a change that is kept: nothing of this may undo it. */
        private void tidy() throws InterruptedException {
            Bundle left = old;
            try {
                if (change.kind().bringsJar() && left != null && !oldHangs) {
                    lifecycle.uninstall(left);
                }
                home.sweep(modules.jars());
            } catch (StepFailed | IOException e) {
                LOG.warn("swap change={}: {}", change.id(), e.getMessage());
            }
        }
    }
}
