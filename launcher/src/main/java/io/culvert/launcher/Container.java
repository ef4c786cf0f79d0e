package io.culvert.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;

/**
 * The OSGi framework with the bundles that {@link ModuleChoice} finds.
 * A bundle that cannot report a failure through the control socket reports it to the {@code Consumer} service that is
 * registered with {@code culvert.failures=true}.
 */
final class Container {
    private static final int LAST_START_LEVEL = 10;

    private final HomeDirectory home;
    private final Path bundles;
    private final Framework framework;
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    private final List<String> passedOver = new ArrayList<>();
    private @Nullable Keeper keeper;

    /** @param bundles one subdirectory for each start level; optional modules lie in {@code modules} beside it */
    Container(HomeDirectory home, Path bundles) {
        this.home = home;
        this.bundles = bundles;
        var factory = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow(() -> new Failure("the OSGi framework is missing; build again with: mvn package"));
        this.framework = factory.newFramework(Map.of(
                Constants.FRAMEWORK_STORAGE, home.cache().toString(),
                Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT,
                Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(LAST_START_LEVEL),
                // While a module is exchanged, two builds of the same version may stand side by side.
                Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE,
                // Framework events tell the same, and do not land on standard output.
                "felix.log.level", "0",
                "culvert.home", home.path().toString(),
                "culvert.bundles", bundles.toString(),
                "culvert.modules", bundles.resolveSibling("modules").toString()));
    }

    /** Returns when the last start level is reached; bundles that do not start are among the {@link #failures}. */
    void start() {
        try {
            framework.init(this::onEvent);
            Dictionary<String, Object> properties = new Hashtable<>();
            properties.put("culvert.failures", "true");
            Consumer<String> report = failures::add;
            framework.getBundleContext().registerService(Consumer.class, report, properties);
            keeper = Keeper.register(framework.getBundleContext());
            install(ModuleChoice.of(home, bundles));
            System.setProperty("culvert.passed.over", String.join("; ", passedOver));
            framework.start();
        } catch (BundleException | IOException e) {
            throw new Failure("cannot start the container: " + Errors.line(e));
        }
    }

    private void install(List<ModuleChoice.Choice> choices) throws BundleException, IOException {
        SignatureCheck signatures = signatures();
        // What runs unless it is refused; the others are looked at when their turn comes.
        signatures.lookAt(choices.stream()
                .filter(ModuleChoice.Choice::isOurs)
                .map(choice -> choice.sources().getFirst().file())
                .toList());
        Map<Bundle, Integer> installed = new LinkedHashMap<>();
        for (var choice : choices) {
            Bundle bundle = install(choice, signatures);
            if (bundle != null) {
                installed.put(bundle, choice.startLevel());
            }
        }
        signatures.remember();
        for (var each : installed.entrySet()) {
            Bundle bundle = each.getKey();
            if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundle.adapt(BundleStartLevel.class).setStartLevel(each.getValue());
                bundle.start();
            }
        }
    }

    private SignatureCheck signatures() throws IOException {
        Path releaseKey = bundles.resolveSibling("release-key.pem");
        if (Boolean.getBoolean("culvert.allow.unsigned")) {
            return SignatureCheck.none(home);
        }
        if (!Files.exists(releaseKey)) {
            System.err.println("culvert: " + releaseKey + " is missing, signatures are not looked at; install the release again");
            return SignatureCheck.none(home);
        }
        return SignatureCheck.of(home, releaseKey);
    }

    /** The first jar that may be installed and can be; null when all are refused. */
    private @Nullable Bundle install(ModuleChoice.Choice choice, SignatureCheck signatures) throws BundleException {
        BundleException problem = null;
        for (var source : choice.sources()) {
            try {
                String refusal = source.intact()
                        ? choice.isOurs() ? signatures.refusal(source.file()).orElse("") : ""
                        : "its bytes are not those that were installed";
                if (refusal.isEmpty()) {
                    return framework.getBundleContext().installBundle(source.location(), source.open());
                }
                passOver(choice, source, refusal);
            } catch (BundleException | IOException e) {
                problem = new BundleException(choice.name() + ": " + Errors.line(e), e);
                passOver(choice, source, Errors.line(e));
            }
        }
        if (problem != null) {
            throw problem;
        }
        return null;
    }

    private void passOver(ModuleChoice.Choice choice, ModuleChoice.Source source, String reason) {
        String line = choice.name() + " from " + source.file() + ": " + reason;
        passedOver.add(line);
        System.err.println("culvert: passing over " + line);
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
            boolean inTime = framework.waitForStop(limit.toMillis()).getType() != FrameworkEvent.WAIT_TIMEDOUT;
            if (keeper != null) {
                keeper.close();
            }
            return inTime;
        } catch (BundleException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
