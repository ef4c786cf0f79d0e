package io.culvert.log.hub;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;

/**
 * Which bundle a logger belongs to: the one whose symbolic name begins the logger's name, or the one that says that it
 * holds the library whose name does. A bundle says so by the capability {@value #LIBRARIES}, whose attribute
 * {@code loggers} lists names.
 */
final class BundleNames {
    static final String LIBRARIES = "io.culvert.libraries";

    private final Supplier<Map<String, String>> installed;
    private final Map<String, String> known = new ConcurrentHashMap<>();

    /** @param installed symbolic names by what names of their loggers begin with */
    BundleNames(Supplier<Map<String, String>> installed) {
        this.installed = installed;
    }

    static BundleNames of(BundleContext context) {
        var names = new BundleNames(() -> beginnings(context.getBundles()));
        context.addBundleListener(event -> names.known.clear());
        return names;
    }

    private static Map<String, String> beginnings(Bundle[] bundles) {
        var beginnings = new HashMap<String, String>();
        for (Bundle bundle : bundles) {
            String name = String.valueOf(bundle.getSymbolicName());
            beginnings.put(name, name);
            // A capability, as headers are read under a lock that a starting bundle may hold.
            BundleRevision revision = bundle.adapt(BundleRevision.class);
            List<BundleCapability> said = revision == null ? List.of() : revision.getDeclaredCapabilities(LIBRARIES);
            for (BundleCapability each : said) {
                if (each.getAttributes().get("loggers") instanceof List<?> loggers) {
                    loggers.forEach(logger -> beginnings.put(String.valueOf(logger), name));
                }
            }
        }
        return beginnings;
    }

    /** The bundle's symbolic name; the logger's own when no bundle is like it. */
    String of(String logger) {
        return known.computeIfAbsent(logger, name -> installed.get().entrySet().stream()
                .filter(each -> within(name, each.getKey()))
                .max((a, b) -> Integer.compare(a.getKey().length(), b.getKey().length()))
                .map(Map.Entry::getValue)
                .orElse(name));
    }

    /** Whether it is a logger of a library that the bundle holds, and none of the bundle's own. */
    static boolean isLibrary(String logger, String bundle) {
        return !within(logger, bundle);
    }

    private static boolean within(String logger, String beginning) {
        return logger.equals(beginning) || logger.startsWith(beginning + ".");
    }
}
