package io.culvert.log.hub;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.osgi.framework.BundleContext;

/** Which bundle a logger belongs to: the one whose symbolic name begins the logger's name. */
final class BundleNames {
    private final Supplier<Collection<String>> installed;
    private final Map<String, String> known = new ConcurrentHashMap<>();

    BundleNames(Supplier<Collection<String>> installed) {
        this.installed = installed;
    }

    static BundleNames of(BundleContext context) {
        var names = new BundleNames(() -> Arrays.stream(context.getBundles())
                .map(bundle -> String.valueOf(bundle.getSymbolicName()))
                .toList());
        context.addBundleListener(event -> names.known.clear());
        return names;
    }

    /** The bundle's symbolic name; the logger's own when no bundle is like it. */
    String of(String logger) {
        return known.computeIfAbsent(logger, name -> installed.get().stream()
                .filter(bundle -> name.equals(bundle) || name.startsWith(bundle + "."))
                .max((a, b) -> Integer.compare(a.length(), b.length()))
                .orElse(name));
    }
}
