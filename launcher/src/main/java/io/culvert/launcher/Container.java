package io.culvert.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;

/**
 * The OSGi framework with the bundles of a directory: each subdirectory is named for the start level of what it holds.
 * A bundle that cannot report a failure through the control socket reports it to the {@code Consumer} service that is
 * registered with {@code culvert.failures=true}.
 */
final class Container {
    private static final int LIBRARIES = 1;
    private static final int LAST_START_LEVEL = 10;

    private final Framework framework;
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

    Container(HomeDirectory home) {
        var factory = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow(() -> new Failure("the OSGi framework is missing; build again with: mvn package"));
        this.framework = factory.newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, home.cache().toString(),
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT,
                Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(LAST_START_LEVEL),
                // Framework events tell the same, and do not land on standard output.
                "felix.log.level", "0",
                "culvert.home", home.path().toString()));
    }

    /** Returns when the last start level is reached; bundles that do not start are among the {@link #failures}. */
    void start(Path bundles) {
        try {
            framework.init(this::onEvent);
            Dictionary<String, Object> properties = new Hashtable<>();
            properties.put("culvert.failures", "true");
            Consumer<String> report = failures::add;
            framework.getBundleContext().registerService(Consumer.class, report, properties);
            for (Path level : sorted(bundles)) {
                install(level);
            }
            framework.start();
        } catch (BundleException | IOException e) {
            throw new Failure("cannot start the container: " + Errors.line(e));
        }
    }

    private void install(Path level) throws IOException, BundleException {
        int startLevel = Integer.parseInt(level.getFileName().toString());
        List<Bundle> installed = new ArrayList<>();
        // Copying the big libraries takes longer than anything else here. Our own bundles are copied: a build may replace
        // the files of a running appliance.
        String scheme = startLevel == LIBRARIES ? "reference:" : "";
        for (Path jar : sorted(level)) {
            installed.add(framework.getBundleContext().installBundle(scheme + jar.toUri()));
        }
        for (Bundle bundle : installed) {
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.adapt(BundleStartLevel.class).setStartLevel(startLevel);
                bundle.start();
            }
        }
    }

    private static List<Path> sorted(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    private void onEvent(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.ERROR) {
            failures.add(event.getBundle().getSymbolicName() + ": " + Errors.line(event.getThrowable()));
        }
    }

    /** One line for each thing that went wrong so far. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Waits until somebody stops the framework. */
    void await() throws InterruptedException {
        framework.waitForStop(0);
    }

    /** Stops, and gives whether that was done in time. */
    boolean stop(Duration limit) {
        try {
            framework.stop();
            return framework.waitForStop(limit.toMillis()).getType() != FrameworkEvent.WAIT_TIMEDOUT;
        } catch (BundleException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
