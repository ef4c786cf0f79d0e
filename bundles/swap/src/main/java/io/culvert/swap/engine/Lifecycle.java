package io.culvert.swap.engine;

import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.osgi.Wiring;
import io.culvert.swap.selftest.Proofs;
import java.security.Provider;
import java.security.Security;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;

/** Starts, tests and stops one bundle, with a deadline for everything that the bundle has a hand in. */
final class Lifecycle {
    private static final Duration START = Duration.ofSeconds(20);
    private static final Duration STOP = Duration.ofSeconds(20);
    private static final Duration STOP_IDLE = Duration.ofSeconds(8);
    private static final Duration READY = Duration.ofSeconds(20);
    private static final Duration PROOF = Duration.ofSeconds(15);
    private static final Duration REFRESH = Duration.ofSeconds(20);
    private static final Duration REST = Duration.ofSeconds(3);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Modules modules;
    private final Components components;
    private final Wiring wiring;

    Lifecycle(Modules modules, Components components, Wiring wiring) {
        this.modules = modules;
        this.components = components;
        this.wiring = wiring;
    }

    private static String title(Bundle bundle) {
        return Modules.id(bundle) + " " + bundle.getVersion();
    }

    void start(Bundle bundle) throws StepFailed, InterruptedException {
        run(START, title(bundle) + ": its start", () -> bundle.start());
    }

    /** Stops a version that others use; they are given their time. */
    void stop(Bundle bundle) throws StepFailed, InterruptedException {
        run(STOP, title(bundle) + ": its stop", () -> bundle.stop());
    }

    /** Stops a version on which nobody depends. */
    void stopIdle(Bundle bundle) throws StepFailed, InterruptedException {
        run(STOP_IDLE, title(bundle) + ": its stop", () -> bundle.stop());
    }

    void uninstall(Bundle bundle) throws StepFailed, InterruptedException {
        run(STOP, title(bundle) + ": its removal", () -> bundle.uninstall());
        var refreshed = new CountDownLatch(1);
        wiring.refresh(bundle, refreshed::countDown);
        if (!refreshed.await(REFRESH.toSeconds(), TimeUnit.SECONDS)) {
            throw new StepFailed.Hung(title(bundle) + ": its classes were not taken out within " + REFRESH.toSeconds() + " s");
        }
    }

    void resolve(Bundle bundle) throws StepFailed {
        if (!wiring.resolve(bundle)) {
            throw new StepFailed(title(bundle) + " does not resolve");
        }
    }

    private interface Body {
        void run() throws Exception;
    }

    private static void run(Duration limit, String what, Body body) throws StepFailed, InterruptedException {
        try {
            Limited.call(limit, what, () -> {
                body.run();
                return true;
            });
        } catch (StepFailed | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new StepFailed(what + " failed: " + line(e));
        }
    }

    /** The end of the chain of causes says most. */
    private static String line(Throwable problem) {
        Throwable last = problem;
        while (last.getCause() != null && last.getCause() != last
                && (last instanceof BundleException || last instanceof java.lang.reflect.InvocationTargetException)) {
            last = last.getCause();
        }
        String message = last instanceof Error ? last.toString() : last.getMessage();
        return (message == null ? last.getClass().getSimpleName() : message).replaceAll("\\s+", " ");
    }

    /** Returns when every component is active that has its settings. */
    void awaitReady(Bundle bundle) throws StepFailed, InterruptedException {
        long deadlineNs = System.nanoTime() + READY.toNanos();
        while (true) {
            Components.Look look = look(bundle);
            if (!look.failures().isEmpty()) {
                throw new StepFailed(title(bundle) + ": " + look.failures().getFirst());
            }
            if (look.waiting().isEmpty()) {
                return;
            }
            if (System.nanoTime() - deadlineNs > 0) {
                throw new StepFailed(title(bundle) + " is not ready after " + READY.toSeconds() + " s: "
                        + look.waiting().getFirst());
            }
            Thread.sleep(PAUSE);
        }
    }

    /**
     * Returns when a bundle that has waited for its turn offers what it is there for.
     *
     * @param before so many services it offered while it waited
     */
    void awaitServices(Bundle bundle, int before) throws StepFailed, InterruptedException {
        long deadlineNs = System.nanoTime() + READY.toNanos();
        while (bundle.getState() == Bundle.ACTIVE && services(bundle) <= before) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new StepFailed(title(bundle) + " does not take over within " + READY.toSeconds() + " s");
            }
            Thread.sleep(PAUSE);
        }
        awaitReady(bundle);
    }

    /**
     * Reads the module's own classes before it is started, so that nobody waits for that. What cannot be loaded shows
     * when it is needed.
     */
    void load(Bundle bundle) {
        String home = "/" + bundle.getSymbolicName().replace('.', '/');
        BundleWiring own = bundle.adapt(BundleWiring.class);
        for (String path : own.listResources(home, "*.class", BundleWiring.LISTRESOURCES_RECURSE | BundleWiring.LISTRESOURCES_LOCAL)) {
            try {
                bundle.loadClass(path.substring(0, path.length() - ".class".length()).replace('/', '.'));
            } catch (ClassNotFoundException | LinkageError e) {
                // Such as one that needs what is not installed, and is never used then.
            }
        }
    }

    /** How many services the bundle offers. */
    static int services(Bundle bundle) {
        ServiceReference<?>[] services = bundle.getRegisteredServices();
        return services == null ? 0 : services.length;
    }

    /** Activates what is not active yet, which may take as long as the module likes. */
    Components.Look look(Bundle bundle) throws StepFailed, InterruptedException {
        try {
            return Limited.call(START, title(bundle) + ": its activation", () -> components.look(bundle));
        } catch (StepFailed | InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new StepFailed(title(bundle) + ": " + line(e));
        }
    }

    /**
     * Has every service of the bundle prove that it works.
     *
     * @return what was proven
     */
    List<String> prove(Bundle bundle) throws StepFailed, InterruptedException {
        var proven = new java.util.ArrayList<String>();
        ServiceReference<?>[] own = bundle.getRegisteredServices();
        for (ServiceReference<?> reference : own == null ? new ServiceReference<?>[0] : own) {
            Object service = modules.context().getService(reference);
            if (service == null) {
                throw new StepFailed(title(bundle) + " offers a service and does not give it");
            }
            for (Proofs.Proof proof : Proofs.of(service)) {
                String what = title(bundle) + ": self-test '" + proof.name() + "'";
                run(PROOF, what, proof.trial()::run);
                proven.add(proof.name());
            }
        }
        return proven;
    }

    // ---- what a stopped bundle must not leave ----

    /** Threads and security providers at one moment. */
    record Surroundings(Set<Thread> threads, Set<Provider> providers) {
        static Surroundings now() {
            return new Surroundings(
                    new HashSet<>(Thread.getAllStackTraces().keySet()),
                    new HashSet<>(Arrays.asList(Security.getProviders())));
        }
    }

    /** Fails when a stopped bundle has left threads or security providers of its own. */
    void leavesNothing(Bundle bundle, Surroundings before, ClassLoader loader) throws StepFailed, InterruptedException {
        long deadlineNs = System.nanoTime() + REST.toNanos();
        String left = left(bundle, before, loader);
        while (!left.isEmpty() && System.nanoTime() - deadlineNs < 0) {
            Thread.sleep(PAUSE);
            left = left(bundle, before, loader);
        }
        if (!left.isEmpty()) {
            throw new StepFailed(title(bundle) + " leaks: after its stop there is still " + left);
        }
    }

    private static String left(Bundle bundle, Surroundings before, ClassLoader loader) {
        String code = bundle.getSymbolicName() + ".";
        for (var each : Thread.getAllStackTraces().entrySet()) {
            Thread thread = each.getKey();
            if (!before.threads.contains(thread)
                    && (thread.getContextClassLoader() == loader
                            || thread.getClass().getClassLoader() == loader
                            || Arrays.stream(each.getValue()).anyMatch(frame -> frame.getClassName().startsWith(code)))) {
                return "the thread '" + thread.getName() + "'";
            }
        }
        for (Provider provider : Security.getProviders()) {
            if (!before.providers.contains(provider) && provider.getClass().getClassLoader() == loader) {
                return "the security provider " + provider.getName();
            }
        }
        return "";
    }

    static ClassLoader loader(Bundle bundle) {
        return bundle.adapt(BundleWiring.class).getClassLoader();
    }
}
