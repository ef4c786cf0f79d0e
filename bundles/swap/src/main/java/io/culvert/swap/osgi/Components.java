package io.culvert.swap.osgi;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;

/** How the components of one bundle do (OSGi Compendium 112.9), whichever other versions of it there are. */
public final class Components {
    private static final String CONFIG_EXCEPTION = "ConfigException: ";
    private static final String CAUSED_BY = "Caused by: ";

    /** Everybody's, and always there (OSGi Compendium 112.3.13). */
    private static final String CONDITION = "org.osgi.service.condition.Condition";
    /** They look at everything, and can do without any of it. */
    private static final Set<String> LOOKERS = Set.of("control", "swap", "web.rest", "web.watch");

    private final BundleContext context;
    private final ServiceComponentRuntime runtime;
    private final ConfigurationAdmin configurations;

    public Components(BundleContext context, ServiceComponentRuntime runtime, ConfigurationAdmin configurations) {
        this.context = context;
        this.runtime = runtime;
        this.configurations = configurations;
    }

    /**
     * One look.
     *
     * @param failures what will not mend itself, one line each
     * @param waiting what may still come
     */
    public record Look(List<String> failures, List<String> waiting) {
        public boolean ready() {
            return failures.isEmpty() && waiting.isEmpty();
        }
    }

    public Look look(Bundle bundle) {
        var failures = new ArrayList<String>();
        var waiting = new ArrayList<String>();
        if (bundle.getState() == Bundle.STARTING) {
            waiting.add("is starting");
        } else if (bundle.getState() != Bundle.ACTIVE) {
            failures.add("is not running");
        } else {
            for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs(bundle)) {
                if (component.defaultEnabled) {
                    component(bundle, component, failures, waiting);
                }
            }
        }
        return new Look(failures, waiting);
    }

    private void component(
            Bundle bundle, ComponentDescriptionDTO component, List<String> failures, List<String> waiting) {
        Set<String> expected = expected(bundle, component);
        for (ComponentConfigurationDTO each : runtime.getComponentConfigurationDTOs(component)) {
            expected.remove(String.valueOf(each.properties.get("service.pid")));
            switch (each.state) {
                case ComponentConfigurationDTO.FAILED_ACTIVATION -> failures.add(reason(each.failure));
                case ComponentConfigurationDTO.UNSATISFIED_REFERENCE -> Arrays.stream(each.unsatisfiedReferences)
                        .forEach(reference -> waiting.add(
                                "waits for a " + simple(interfaceName(component, reference.name))));
                case ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION -> {
                    // Whether one is to come is for the configurations to say.
                }
                case ComponentConfigurationDTO.SATISFIED -> activate(each, failures);
                default -> {
                    // Active.
                }
            }
        }
        expected.forEach(pid -> waiting.add("has not heard of its settings " + pid));
    }

    /** Ids of the configurations that a component must still be made of. */
    private Set<String> expected(Bundle bundle, ComponentDescriptionDTO component) {
        String pid = bundle.getSymbolicName();
        var expected = new LinkedHashSet<String>();
        if (!Arrays.asList(component.configurationPid).contains(pid)
                || "ignore".equals(component.configurationPolicy)
                || component.configurationPid.length > 1) {
            return expected;
        }
        try {
            Configuration[] found =
                    configurations.listConfigurations("(|(service.pid=" + pid + ")(service.factoryPid=" + pid + "))");
            for (Configuration configuration : found == null ? new Configuration[0] : found) {
                expected.add(configuration.getPid());
            }
            return expected;
        } catch (IOException | InvalidSyntaxException e) {
            return expected;
        }
    }

    /** Uses a service that would otherwise start with its first use; it stays in use until its bundle goes. */
    private void activate(ComponentConfigurationDTO component, List<String> failures) {
        if (component.service == null) {
            return;
        }
        try {
            ServiceReference<?>[] references =
                    context.getAllServiceReferences(null, "(service.id=" + component.service.id + ")");
            if (references != null && context.getService(references[0]) == null) {
                failures.add(reason(component.failure));
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Modules whose mandatory references only {@code bundle} satisfies, each with the service: {@code core needs a Store}. */
    public List<String> neededBy(Bundle bundle) {
        var needed = new LinkedHashSet<String>();
        for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
            if (component.bundle.id == bundle.getBundleId()) {
                continue;
            }
            for (ReferenceDTO reference : component.references) {
                if (reference.cardinality.startsWith("1") && onlyFrom(bundle, reference)
                        && runtime.getComponentConfigurationDTOs(component).stream().anyMatch(each -> each.state >= 4)) {
                    String name = component.bundle.symbolicName.replaceFirst("^io\\.culvert\\.", "");
                    needed.add(name + " needs a " + simple(reference.interfaceName));
                }
            }
        }
        return List.copyOf(needed);
    }

    private boolean onlyFrom(Bundle bundle, ReferenceDTO reference) {
        List<ServiceReference<?>> offers = offers(reference.interfaceName, reference.target);
        return !offers.isEmpty() && offers.stream().allMatch(offer -> bundle.equals(offer.getBundle()));
    }

    /** Who offers a service. */
    public List<ServiceReference<?>> offers(String service, @Nullable String filter) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(service, filter);
            return found == null ? List.of() : List.of(found);
        } catch (InvalidSyntaxException e) {
            return List.of();
        }
    }

    /** Simple names of the interfaces that the bundle's components need, mandatory ones only. */
    public List<String> needs(Bundle bundle) {
        var needs = new LinkedHashSet<String>();
        for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs(bundle)) {
            for (ReferenceDTO reference : component.references) {
                if (reference.cardinality.startsWith("1") && !reference.interfaceName.equals(CONDITION)) {
                    needs.add(simple(reference.interfaceName));
                }
            }
        }
        return List.copyOf(needs);
    }

    /** Ids of the bundles that use a service of this one now. */
    public List<String> usedBy(Bundle bundle) {
        var users = new HashSet<String>();
        ServiceReference<?>[] own = bundle.getRegisteredServices();
        for (ServiceReference<?> each : own == null ? new ServiceReference<?>[0] : own) {
            Bundle[] using = each.getUsingBundles();
            for (Bundle user : using == null ? new Bundle[0] : using) {
                if (Modules.ours(user) && !user.equals(bundle)) {
                    users.add(Modules.id(user));
                }
            }
        }
        users.removeAll(LOOKERS);
        return users.stream().sorted().toList();
    }

    private static String interfaceName(ComponentDescriptionDTO component, String reference) {
        for (ReferenceDTO each : component.references) {
            if (each.name.equals(reference)) {
                return each.interfaceName;
            }
        }
        return reference;
    }

    static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** The telling line of a stack trace: a ConfigException's own words, else the last cause. */
    static String reason(@Nullable String trace) {
        String last = "did not start; the log has the details";
        boolean first = true;
        for (String line : trace == null ? List.<String>of() : trace.lines().toList()) {
            int config = line.indexOf(CONFIG_EXCEPTION);
            if (config >= 0) {
                return line.substring(config + CONFIG_EXCEPTION.length());
            }
            if (line.startsWith(CAUSED_BY)) {
                last = line.substring(CAUSED_BY.length());
            } else if (first) {
                last = line;
            }
            first = false;
        }
        return last.replaceFirst("^(?:[a-z0-9]+\\.)+(\\w+(?:: )?)", "$1");
    }
}
