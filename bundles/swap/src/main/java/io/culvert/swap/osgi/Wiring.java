package io.culvert.swap.osgi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.namespace.HostNamespace;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;

/** Who depends on whom (OSGi Core 8, chapters 3 and 7). */
public final class Wiring {
    private final Modules modules;

    public Wiring(Modules modules) {
        this.modules = modules;
    }

    /**
     * A bundle that is refreshed with another one.
     *
     * @param reason which import ties it: {@code imports io.culvert.api.tls from api}
     */
    public record Refreshed(String module, String reason) {}

    private FrameworkWiring framework() {
        return modules.context().getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
    }

    /** All other bundles that stop when {@code bundle} goes, over any number of wires. */
    public List<Refreshed> refreshedWith(Bundle bundle) {
        var closure = new LinkedHashSet<>(framework().getDependencyClosure(List.of(bundle)));
        var refreshed = new ArrayList<Refreshed>();
        for (Bundle each : closure) {
            if (!each.equals(bundle)) {
                refreshed.add(new Refreshed(Modules.id(each), reason(each, closure)));
            }
        }
        return refreshed;
    }

    private static String reason(Bundle bundle, Set<Bundle> closure) {
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        if (wiring != null) {
            for (BundleWire wire : wiring.getRequiredWires(null)) {
                Bundle provider = wire.getProvider().getBundle();
                if (closure.contains(provider) && !provider.equals(bundle)) {
                    Object name = wire.getCapability().getAttributes().get(wire.getCapability().getNamespace());
                    return (wire.getCapability().getNamespace().equals(PackageNamespace.PACKAGE_NAMESPACE)
                                    ? "imports "
                                    : wire.getCapability().getNamespace().equals(HostNamespace.HOST_NAMESPACE)
                                            ? "is a fragment of "
                                            : "requires ")
                            + name + " from " + Modules.id(provider);
                }
            }
        }
        return "is tied to it";
    }

    /**
     * Whether a jar would resolve, asked of the framework's own resolver on a copy that is never started.
     *
     * @return what is missing, by name; empty when it resolves
     */
    public List<String> missing(Path file) throws IOException {
        Bundle trial;
        try {
            trial = modules.tryOut(file);
        } catch (BundleException e) {
            return List.of("the framework does not take it: " + e.getMessage());
        }
        try {
            List<String> missing = unmet(trial);
            if (!missing.isEmpty() || framework().resolveBundles(List.of(trial))) {
                return missing;
            }
            return List.of(reason(trial));
        } finally {
            try {
                trial.uninstall();
                framework().refreshBundles(List.of(trial));
            } catch (BundleException | IllegalStateException e) {
                // It was never started; the next start of the process forgets it.
            }
        }
    }

    private List<String> unmet(Bundle trial) {
        BundleRevision revision = trial.adapt(BundleRevision.class);
        var offered = new ArrayList<BundleCapability>(revision.getDeclaredCapabilities(null));
        for (Bundle bundle : modules.bundles()) {
            BundleWiring wiring = bundle.adapt(BundleWiring.class);
            if (wiring != null && !bundle.equals(trial)) {
                offered.addAll(wiring.getCapabilities(null));
            }
        }
        var missing = new ArrayList<String>();
        for (BundleRequirement requirement : revision.getDeclaredRequirements(null)) {
            if (mandatory(requirement) && offered.stream().noneMatch(requirement::matches)) {
                missing.add(words(requirement, offered));
            }
        }
        return missing;
    }

    private static boolean mandatory(BundleRequirement requirement) {
        var directives = requirement.getDirectives();
        return !Namespace.RESOLUTION_OPTIONAL.equals(directives.get(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE))
                && !"dynamic".equals(directives.get(Namespace.REQUIREMENT_RESOLUTION_DIRECTIVE))
                && !Namespace.EFFECTIVE_ACTIVE.equals(directives.get(Namespace.REQUIREMENT_EFFECTIVE_DIRECTIVE));
    }

    private static String words(BundleRequirement requirement, List<BundleCapability> offered) {
        String filter = requirement.getDirectives().getOrDefault(Namespace.REQUIREMENT_FILTER_DIRECTIVE, "");
        if (!requirement.getNamespace().equals(PackageNamespace.PACKAGE_NAMESPACE)) {
            return requirement.getNamespace() + " " + filter;
        }
        String name = filter.replaceFirst(".*\\(osgi\\.wiring\\.package=([^)]*)\\).*", "$1");
        String version = filter.replaceFirst(".*\\(version>=([^)]*)\\).*", "$1");
        String below = filter.replaceFirst(".*\\(!\\(version>=([^)]*)\\)\\).*", "$1");
        String range = version.equals(filter) ? "" : " from version " + version;
        String end = below.equals(filter) ? "" : " to below " + below;
        String present = offered.stream()
                .filter(capability -> name.equals(capability.getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE)))
                .map(capability -> String.valueOf(capability.getAttributes().get("version")))
                .findFirst()
                .map(found -> "; there is version " + found)
                .orElse("; nobody exports it");
        return "package " + name + range + end + present;
    }

    private static String reason(Bundle trial) {
        try {
            // Fails as resolving did, and says why.
            trial.start(Bundle.START_TRANSIENT);
            trial.stop(Bundle.STOP_TRANSIENT);
            return "does not resolve";
        } catch (BundleException e) {
            return String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        }
    }

    /** Resolves an installed bundle for good. */
    public boolean resolve(Bundle bundle) {
        return framework().resolveBundles(List.of(bundle));
    }

    /** Takes an uninstalled bundle's classes out of the framework; {@code done} runs when they are. */
    public void refresh(Bundle bundle, Runnable done) {
        framework().refreshBundles(List.of(bundle), event -> done.run());
    }
}
