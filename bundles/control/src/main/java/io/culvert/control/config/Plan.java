package io.culvert.control.config;

import io.culvert.control.config.Node.Branch;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Validated settings: which modules run, and the configuration objects that tell them how.
 *
 * @param settings the settings as typed, merged: module ids below the root
 * @param configurations in the order of the settings
 * @param absent ids of modules that the settings name and that are not installed, as they may be
 */
public record Plan(Branch settings, List<Configuration> configurations, Set<String> absent) {
    static final String PID_PREFIX = "io.culvert.";

    public Plan {
        configurations = List.copyOf(configurations);
        absent = Set.copyOf(absent);
    }

    /** Nothing runs. */
    public static Plan empty() {
        return new Plan(new Branch(Map.of(), Node.Place.COMMAND), List.of(), Set.of());
    }

    /** Ids of the modules that the settings name and that are installed, in the order of the settings. */
    public Set<String> modules() {
        var modules = new LinkedHashSet<>(settings.children().keySet());
        modules.removeAll(absent);
        return modules;
    }

    /** The configurations of one module; several when it has instances. */
    public List<Configuration> of(String module) {
        return configurations.stream()
                .filter(configuration -> configuration.module().equals(module))
                .toList();
    }

    /**
     * What ConfigAdmin is given for one component.
     *
     * @param instance the name after {@code ~} in the PID of a factory configuration
     * @param values by attribute id
     */
    public record Configuration(String module, Optional<String> instance, Map<String, Object> values) {
        public Configuration {
            values = new LinkedHashMap<>(values);
        }

        /** The PID, or the factory PID of an instance. */
        public String pid() {
            return PID_PREFIX + module;
        }

        /** The PID of this very configuration: {@code io.culvert.tunnel.openvpn~udp}. */
        public String fullPid() {
            return pid() + instance.map(name -> "~" + name).orElse("");
        }

        /** For messages: {@code tunnel.openvpn udp}. */
        public String title() {
            return module + instance.map(name -> " " + name).orElse("");
        }
    }
}
