package io.culvert.control;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.HealthCheck;
import io.culvert.control.command.AppliedModules;
import io.culvert.control.command.ProfileCommand.Services;
import io.culvert.control.config.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.dto.ServiceReferenceDTO;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.ReferenceDTO;

/** Looks at modules through Declarative Services (OSGi Compendium 112.9) and core's health check. */
final class ComponentLook implements AppliedModules {
    private static final String CONFIG_EXCEPTION = "ConfigException: ";
    private static final String CAUSED_BY = "Caused by: ";

    private final BundleContext context;
    private final ServiceComponentRuntime components;
    private final BundleSchemas schemas;
    private final Services services;

    ComponentLook(
            BundleContext context, ServiceComponentRuntime components, BundleSchemas schemas, Services services) {
        this.context = context;
        this.components = components;
        this.schemas = schemas;
        this.services = services;
    }

    @Override
    public Look look(Plan plan) {
        var failures = new ArrayList<String>();
        var waiting = new ArrayList<String>();
        Set<String> running = schemas.running(plan);
        var needs = new MissingServices(schemas.bundles(), running);
        for (String module : running) {
            Bundle bundle = schemas.bundles().get(module);
            if (bundle == null) {
                failures.add(module + ": is not installed any more");
            } else {
                bundle(module, bundle, plan, failures, waiting, needs);
            }
        }
        waiting.addAll(needs.lines());
        List<Map<String, Object>> listeners = listeners();
        // What has not started cannot listen: that is no second problem.
        boolean started = failures.isEmpty() && waiting.isEmpty();
        for (Plan.Configuration tunnel : plan.configurations()) {
            if (started && running.contains(tunnel.module()) && tunnel.module().startsWith("tunnel.") && tunnel.instance().isPresent()) {
                listener(tunnel, listeners, failures, waiting);
            }
        }
        return new Look(failures, waiting, listeners, changeCount());
    }

    private long changeCount() {
        ServiceReference<ServiceComponentRuntime> runtime =
                context.getServiceReference(ServiceComponentRuntime.class);
        return runtime != null && runtime.getProperty("service.changecount") instanceof Number count
                ? count.longValue()
                : 0;
    }

    private void bundle(
            String module,
            Bundle bundle,
            Plan plan,
            List<String> failures,
            List<String> waiting,
            MissingServices needs) {
        if (bundle.getState() == Bundle.STARTING || bundle.getState() == Bundle.STOPPING) {
            waiting.add(module + ": is starting");
            return;
        }
        if (bundle.getState() != Bundle.ACTIVE) {
            failures.add(module + ": " + startFailure(bundle));
            return;
        }
        for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs(bundle)) {
            for (ComponentConfigurationDTO each : components.getComponentConfigurationDTOs(component)) {
                component(title(module, each), component, each, failures, waiting, needs);
            }
            if (Arrays.asList(component.configurationPid).contains(BundleSchemas.PREFIX + module)) {
                missing(module, component, plan, waiting);
            }
        }
    }

    /** Tries again, as the framework keeps no reason. */
    private static String startFailure(Bundle bundle) {
        try {
            bundle.start(Bundle.START_TRANSIENT);
            return "did not start";
        } catch (BundleException e) {
            return String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        }
    }

    private static String title(String module, ComponentConfigurationDTO component) {
        String pid = String.valueOf(component.properties.getOrDefault("service.pid", ""));
        int instance = pid.indexOf('~');
        return instance < 0 ? module : module + " " + pid.substring(instance + 1);
    }

    private void component(
            String title,
            ComponentDescriptionDTO component,
            ComponentConfigurationDTO each,
            List<String> failures,
            List<String> waiting,
            MissingServices needs) {
        switch (each.state) {
            case ComponentConfigurationDTO.FAILED_ACTIVATION -> failures.add(title + ": " + reason(each.failure));
            case ComponentConfigurationDTO.UNSATISFIED_REFERENCE -> Arrays.stream(each.unsatisfiedReferences)
                    .forEach(reference -> needs.add(title, interfaceName(component, reference.name)));
            case ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION -> waiting.add(title + ": has no settings yet");
            case ComponentConfigurationDTO.SATISFIED -> activate(title, each, failures);
            default -> {
                // Active.
            }
        }
    }

    /**
     * Uses the service of a component that would otherwise start with its first use: what is configured must show now
     * whether it works. It stays in use until its module goes.
     */
    private void activate(String title, ComponentConfigurationDTO component, List<String> failures) {
        ServiceReferenceDTO registered = component.service;
        if (registered == null) {
            return;
        }
        try {
            ServiceReference<?>[] references =
                    context.getAllServiceReferences(null, "(service.id=" + registered.id + ")");
            if (references != null && context.getService(references[0]) == null) {
                failures.add(title + ": " + Optional.ofNullable(component.failure)
                        .map(ComponentLook::reason)
                        .orElse("did not start; the log has the details"));
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void missing(String module, ComponentDescriptionDTO component, Plan plan, List<String> waiting) {
        // Nothing stands for a configuration until the component runtime has heard of it.
        if (!component.defaultEnabled) {
            return;
        }
        if (plan.of(module).isEmpty()) {
            waiting.add(module + ": has no instance; write one below it in etc/culvert.yaml");
        }
    }

    private static String interfaceName(ComponentDescriptionDTO component, String reference) {
        for (ReferenceDTO each : component.references) {
            if (each.name.equals(reference)) {
                return each.interfaceName;
            }
        }
        return reference;
    }

    /** The telling line of a stack trace: a ConfigException's own words, else the last cause. */
    static String reason(@Nullable String trace) {
        String last = "did not start; the log has the details";
        for (String line : trace == null ? List.<String>of() : trace.lines().toList()) {
            int config = line.indexOf(CONFIG_EXCEPTION);
            if (config >= 0) {
                // The title names the module already.
                return line.substring(config + CONFIG_EXCEPTION.length()).replaceFirst("^io\\.culvert\\.[a-z0-9.]+: ", "");
            }
            if (line.startsWith(CAUSED_BY)) {
                last = line.substring(CAUSED_BY.length());
            } else if (trace.startsWith(line)) {
                last = line;
            }
        }
        // "java.io.IOException: disk full" says more to a person without its package.
        return last.replaceFirst("^(?:[a-z0-9]+\\.)+(\\w+(?:: )?)", "$1");
    }

    private List<Map<String, Object>> listeners() {
        var listeners = new ArrayList<Map<String, Object>>();
        for (HealthCheck check : services.all(HealthCheck.class)) {
            if (check.name().equals("core") && check.status().get("listeners") instanceof List<?> list) {
                list.forEach(each -> {
                    if (each instanceof Map<?, ?> listener) {
                        var copy = new LinkedHashMap<String, Object>();
                        listener.forEach((name, value) -> copy.put(String.valueOf(name), value));
                        listeners.add(copy);
                    }
                });
            }
        }
        return listeners;
    }

    private static void listener(
            Plan.Configuration tunnel,
            List<Map<String, Object>> listeners,
            List<String> failures,
            List<String> waiting) {
        var own = listeners.stream()
                .filter(listener -> belongs(String.valueOf(listener.get("instance")), tunnel))
                .toList();
        if (own.isEmpty()) {
            waiting.add(tunnel.title() + ": is not listening");
        }
        for (var listener : own) {
            if (!"open".equals(listener.get("state"))) {
                String error = String.valueOf(listener.get("error"));
                String place = listener.get("transport") + " port " + listener.get("port") + ": ";
                boolean placed = error.startsWith(listener.get("transport") + " ");
                failures.add(tunnel.title() + ": cannot listen on " + (placed ? "" : place) + error);
            }
        }
    }

    private static boolean belongs(String listener, Plan.Configuration tunnel) {
        String instance = tunnel.instance().orElse("");
        return listener.equals(instance) || listener.endsWith("/" + instance) || listener.endsWith(" " + instance);
    }

    @Override
    public Set<String> running(Plan plan) {
        return schemas.running(plan);
    }

    /** One element for each installed module. */
    List<ModuleSettings.State> states(Plan plan) {
        var look = look(plan);
        Set<String> off = schemas.off();
        var states = new ArrayList<ModuleSettings.State>();
        schemas.bundles().forEach((id, bundle) -> {
            var problem = Optional.<String>empty();
            for (List<String> lines : List.of(look.failures(), look.waiting())) {
                if (problem.isEmpty()) {
                    problem = lines.stream()
                            .filter(line -> names(line, id))
                            .findFirst();
                }
            }
            String state = off.contains(id)
                    ? "stopped"
                    : !plan.modules().contains(id) ? "off" : problem.isEmpty() ? "running" : "fails";
            String line = problem.filter(_ -> state.equals("fails"))
                    .map(each -> each.startsWith(id) ? each.substring(each.indexOf(": ") + 2) : each)
                    .orElse("");
            states.add(new ModuleSettings.State(id, bundle.getVersion().toString(), state, line));
        });
        return states;
    }

    private static boolean names(String line, String module) {
        return line.startsWith(module + ":") || line.startsWith(module + " ") || line.contains(" " + module + " ")
                || line.contains(" " + module + ",");
    }
}
