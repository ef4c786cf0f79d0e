package io.culvert.swap.repository;

import io.culvert.swap.repository.Offer.Requirement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.wiring.BundleRevision;

/** What the installed bundles provide, for a first look whether an offer resolves; the plan asks the resolver. */
final class Platform {
    private final BundleContext context;

    Platform(BundleContext context) {
        this.context = context;
    }

    /** The first requirement of an offer that nobody meets. */
    Optional<String> missing(Offer offer) {
        List<Offer.Capability> provided = new ArrayList<>(offer.capabilities());
        for (Bundle bundle : context.getBundles()) {
            BundleRevision revision = bundle.adapt(BundleRevision.class);
            if (revision != null) {
                revision.getCapabilities(null).forEach(capability ->
                        provided.add(new Offer.Capability(capability.getNamespace(), capability.getAttributes())));
            }
        }
        return offer.requirements().stream()
                .filter(requirement -> !met(requirement, provided.stream()))
                .map(requirement -> requirement.namespace() + " " + requirement.filter())
                .findFirst();
    }

    /** The installed version of a module. */
    Optional<String> version(String module) {
        return Stream.of(context.getBundles())
                .filter(bundle -> ("io.culvert." + module).equals(bundle.getSymbolicName()))
                .map(bundle -> bundle.getVersion().toString())
                .findFirst();
    }

    private static boolean met(Requirement requirement, Stream<Offer.Capability> provided) {
        try {
            var filter = requirement.filter().isEmpty() ? null : FrameworkUtil.createFilter(requirement.filter());
            return provided.anyMatch(capability -> capability.namespace().equals(requirement.namespace())
                    && (filter == null || filter.matches(Map.copyOf(capability.attributes()))));
        } catch (InvalidSyntaxException e) {
            return false;
        }
    }
}
