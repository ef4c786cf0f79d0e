package io.culvert.it.hotplug;

import io.culvert.launcher.Keeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/** The launcher's container, its bundles within reach. */
final class HotPlugContainer {
    private static final long DEADLINE_S = 30;

    private final Path home;
    private final Path bundles;
    private final Framework framework;
    private final Map<String, Path> jars = new HashMap<>();

    HotPlugContainer(Path home, Path bundles) throws IOException {
        this.home = home;
        this.bundles = bundles;
        Files.createDirectories(home.resolve("run"));
        System.setProperty("culvert.home", home.toString());
        framework = ServiceLoader.load(FrameworkFactory.class).findFirst().orElseThrow().newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, home.resolve("cache").toString(),
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT,
                Constants.FRAMEWORK_BEGINNING_STARTLEVEL, "10",
                "felix.log.level", "0",
                "culvert.home", home.toString()));
    }

    /** Returns when {@code ready} is answered. */
    void start() throws BundleException, IOException {
        framework.init(HotPlugContainer::onEvent);
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("culvert.failures", "true");
        Consumer<String> report = System.out::println;
        context().registerService(Consumer.class, report, properties);
        Keeper.register(context());
        for (Path level : sorted(bundles)) {
            for (Path jar : sorted(level)) {
                Bundle bundle = context().installBundle("reference:" + jar.toUri());
                bundle.adapt(BundleStartLevel.class).setStartLevel(Integer.parseInt(level.getFileName().toString()));
                jars.put(bundle.getSymbolicName(), jar);
            }
        }
        for (Bundle bundle : context().getBundles()) {
            if (bundle.getBundleId() != 0 && bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.start();
            }
        }
        framework.start();
        for (Bundle bundle : context().getBundles()) {
            if (bundle.getState() == Bundle.INSTALLED) {
                // Says why it does not resolve.
                bundle.start();
            }
        }
        HotPlugMain.awaitReady(home);
    }

    private static void onEvent(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.ERROR) {
            System.out.println("framework: " + event.getBundle() + ": " + event.getThrowable());
        }
    }

    private static List<Path> sorted(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    private BundleContext context() {
        return framework.getBundleContext();
    }

    void stop() throws BundleException, InterruptedException {
        framework.stop();
        framework.waitForStop(TimeUnit.SECONDS.toMillis(DEADLINE_S));
    }

    /** What happens between a bundle's end and its new begin. */
    interface WhileGone {
        void run() throws Exception;
    }

    /** Adds a bundle that is no part of the appliance. */
    void install(Path jar) throws BundleException {
        Bundle bundle = context().installBundle(jar.toUri().toString());
        jars.put(bundle.getSymbolicName(), jar);
        bundle.start();
    }

    /**
     * Starts a newer version of the bundle, made of the same files, beside it; then stops and removes it.
     *
     * @return how long it took to stop, in ms
     */
    long update(String name) throws Exception {
        beside(name);
        return retire(name);
    }

    /** Starts a newer version of the bundle, made of the same files, beside it. */
    void beside(String name) throws Exception {
        Bundle old = bundle(name);
        var version = old.getVersion();
        Path jar = newer(name, version.getMajor() + "." + version.getMinor() + "." + (version.getMicro() + 1));
        Bundle next = context().installBundle("reference:" + jar.toUri());
        next.adapt(BundleStartLevel.class).setStartLevel(old.adapt(BundleStartLevel.class).getStartLevel());
        next.start();
        jars.put(name, jar);
    }

    /**
     * Stops and removes the bundle, the older one of two.
     *
     * @return how long it took to stop, in ms
     */
    long retire(String name) throws Exception {
        Bundle old = bundle(name);
        long begin = System.nanoTime();
        old.stop();
        long stopped = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        old.uninstall();
        refresh(old);
        if (isInstalled(name)) {
            HotPlugMain.awaitReady(home);
        }
        return stopped;
    }

    private Path newer(String name, String version) throws IOException {
        Path made = Files.createDirectories(home.resolve("newer")).resolve(name + "-" + version + ".jar");
        try (var from = new JarFile(jars.get(name).toFile())) {
            var manifest = new Manifest(from.getManifest());
            manifest.getMainAttributes().putValue(Constants.BUNDLE_VERSION, version);
            // Digests of the signature, which is left out below.
            manifest.getEntries().clear();
            try (var to = new JarOutputStream(Files.newOutputStream(made), manifest)) {
                for (var entry : Collections.list(from.entries())) {
                    if (!entry.getName().matches("META-INF/(MANIFEST\\.MF|[^/]*\\.(SF|RSA|EC|DSA))")) {
                        to.putNextEntry(new ZipEntry(entry.getName()));
                        try (var in = from.getInputStream(entry)) {
                            in.transferTo(to);
                        }
                    }
                }
            }
        }
        return made;
    }

    /** The class loader of a bundle that is there. */
    ClassLoader classLoader(String name) {
        return bundle(name).adapt(BundleWiring.class).getClassLoader();
    }

    private boolean isInstalled(String name) {
        return Arrays.stream(context().getBundles()).anyMatch(b -> name.equals(b.getSymbolicName()));
    }

    private Bundle bundle(String name) {
        return Arrays.stream(context().getBundles())
                .filter(b -> name.equals(b.getSymbolicName()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no bundle " + name));
    }

    /** @return how long its services, or those of others that need them, were away, in ms */
    long restart(String name) throws Exception {
        List<String> services = services();
        long begin = System.nanoTime();
        Bundle bundle = bundle(name);
        bundle.stop();
        bundle.start();
        return awaitBack(services, begin);
    }

    /** @return how long its services, or those of others that need them, were away, in ms */
    long reinstall(String name) throws Exception {
        return reinstall(name, () -> {});
    }

    /**
     * @param whileGone runs when the bundle is no more, and not yet again
     * @return as {@link #reinstall(String)}
     */
    long reinstall(String name, WhileGone whileGone) throws Exception {
        List<String> services = services();
        long begin = System.nanoTime();
        int level = uninstall(name);
        whileGone.run();
        Bundle again = context().installBundle(jars.get(name).toUri().toString());
        again.adapt(BundleStartLevel.class).setStartLevel(level);
        again.start();
        return awaitBack(services, begin);
    }

    private int uninstall(String name) throws Exception {
        Bundle bundle = bundle(name);
        int level = bundle.adapt(BundleStartLevel.class).getStartLevel();
        bundle.uninstall();
        refresh(bundle);
        return level;
    }

    private void refresh(Bundle bundle) throws InterruptedException {
        var refreshed = new CountDownLatch(1);
        framework.adapt(FrameworkWiring.class).refreshBundles(List.of(bundle), event -> refreshed.countDown());
        if (!refreshed.await(DEADLINE_S, TimeUnit.SECONDS)) {
            throw new AssertionError(bundle + " is not refreshed in " + DEADLINE_S + " s");
        }
    }

    private long awaitBack(List<String> expected, long begin) throws Exception {
        awaitServices(expected);
        long away = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        HotPlugMain.awaitReady(home);
        return away;
    }

    private void awaitServices(List<String> expected) throws InterruptedException {
        var changes = new Semaphore(0);
        ServiceListener listener = event -> changes.release();
        context().addServiceListener(listener);
        try {
            while (!services().equals(expected)) {
                if (!changes.tryAcquire(DEADLINE_S, TimeUnit.SECONDS)) {
                    var missing = new ArrayList<>(expected);
                    var now = services();
                    now.forEach(missing::remove);
                    expected.forEach(now::remove);
                    throw new AssertionError("services that did not come back: " + missing + "; new ones: " + now);
                }
                changes.drainPermits();
            }
        } finally {
            context().removeServiceListener(listener);
        }
    }

    /** What our bundles offer. */
    private List<String> services() {
        var services = new ArrayList<String>();
        for (Bundle bundle : context().getBundles()) {
            var registered = bundle.getRegisteredServices();
            if (bundle.getSymbolicName().startsWith("io.culvert.") && registered != null) {
                for (var service : registered) {
                    services.add(bundle.getSymbolicName() + " "
                            + Arrays.toString((String[]) service.getProperty(Constants.OBJECTCLASS)));
                }
            }
        }
        services.sort(null);
        return services;
    }
}
