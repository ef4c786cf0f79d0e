package io.culvert.control;

import io.culvert.control.config.MetatypeReader;
import io.culvert.control.config.Plan;
import io.culvert.control.config.Schema;
import io.culvert.control.config.Schemas;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The installed modules: bundles named {@code io.culvert.ID} that start after this one. Their Metatype documents are
 * read from bundles that need not be resolved yet.
 */
final class BundleSchemas implements Schemas {
    static final String PREFIX = "io.culvert.";
    /** Runs beside this one whatever the settings name; those of its own are like a module's. */
    private static final String ALWAYS = "swap";

    private static final String DOCUMENTS = "OSGI-INF/metatype";
    private static final Logger LOG = LoggerFactory.getLogger(BundleSchemas.class);

    private final BundleContext context;
    private final ModuleStates states;

    BundleSchemas(BundleContext context, ModuleStates states) {
        this.context = context;
        this.states = states;
    }

    /** By id. */
    Map<String, Bundle> bundles() {
        int own = startLevel(context.getBundle());
        var bundles = new LinkedHashMap<String, Bundle>();
        Arrays.stream(context.getBundles())
                .filter(bundle -> String.valueOf(bundle.getSymbolicName()).startsWith(PREFIX))
                .filter(bundle -> startLevel(bundle) > own)
                .forEach(bundle -> bundles.merge(
                        bundle.getSymbolicName().substring(PREFIX.length()), bundle, BundleSchemas::inCharge));
        return bundles;
    }

    /** While a module is exchanged there are two versions of it: the one that runs counts, and of two the older one. */
    private static Bundle inCharge(Bundle one, Bundle other) {
        return rank(one) >= rank(other) ? one : other;
    }

    private static int rank(Bundle bundle) {
        return switch (bundle.getState()) {
            case Bundle.ACTIVE -> 2;
            case Bundle.STARTING -> 1;
            default -> 0;
        };
    }

    /** Ids of the modules that ought to run, in the order of the settings. */
    Set<String> running(Plan plan) {
        Set<String> off = off();
        var running = new LinkedHashSet<>(plan.modules());
        running.removeAll(off);
        running.remove(ALWAYS);
        return running;
    }

    @Override
    public Set<String> off() {
        return states.off();
    }

    private static int startLevel(Bundle bundle) {
        return bundle.adapt(BundleStartLevel.class).getStartLevel();
    }

    @Override
    public Set<String> modules() {
        var modules = new TreeSet<>(bundles().keySet());
        always().ifPresent(_ -> modules.add(ALWAYS));
        return modules;
    }

    @Override
    public Optional<Schema> schema(String module) {
        return Optional.ofNullable(bundles().get(module))
                .or(() -> module.equals(ALWAYS) ? always() : Optional.empty())
                .map(bundle -> read(bundle, PREFIX + module));
    }

    private Optional<Bundle> always() {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> (PREFIX + ALWAYS).equals(bundle.getSymbolicName()))
                .findFirst();
    }

    /** What a jar says that is not installed. */
    static Schema schema(String module, Path file) throws IOException {
        var reader = new MetatypeReader();
        try (var jar = new JarFile(file.toFile())) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                if (entry.getName().startsWith(DOCUMENTS + "/") && entry.getName().endsWith(".xml")) {
                    try (var document = jar.getInputStream(entry)) {
                        reader.add(document);
                    }
                }
            }
        }
        String pid = PREFIX + module;
        return reader.schema(pid).orElseGet(() -> new Schema(pid, false, Map.of()));
    }

    private static Schema read(Bundle bundle, String pid) {
        var reader = new MetatypeReader();
        var paths = bundle.getEntryPaths(DOCUMENTS);
        if (paths != null) {
            for (String path : Collections.list(paths)) {
                if (path.endsWith(".xml")) {
                    add(reader, bundle, path);
                }
            }
        }
        return reader.schema(pid).orElseGet(() -> new Schema(pid, false, Map.of()));
    }

    private static void add(MetatypeReader reader, Bundle bundle, String path) {
        var entry = bundle.getEntry(path);
        if (entry == null) {
            return;
        }
        try (var document = entry.openStream()) {
            reader.add(document);
        } catch (IOException e) {
            LOG.warn("control bundle={}: {} is unreadable, {}", bundle.getSymbolicName(), path, e.getMessage());
        }
    }
}
