package io.culvert.swap.command;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.swap.engine.Engine;
import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.plan.ModuleKind;
import io.culvert.swap.state.Jar;
import io.culvert.swap.state.ModuleEntry;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;

/** {@code module list}: one row for each module, installed or removed. */
public final class ModuleList implements Command {
    private final Engine engine;
    private final Modules modules;
    private final Components components;
    private final ModuleHome home;
    private final Trust trust;
    private final ModuleSettings settings;

    public ModuleList(
            Engine engine,
            Modules modules,
            Components components,
            ModuleHome home,
            Trust trust,
            ModuleSettings settings) {
        this.engine = engine;
        this.modules = modules;
        this.components = components;
        this.home = home;
        this.trust = trust;
        this.settings = settings;
    }

    @Override
    public String name() {
        return "module list";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) {
        var rows = new ArrayList<Map<String, Object>>();
        for (ModuleSettings.State state : settings.states()) {
            if (!ModuleKind.platform(state.module())) {
                modules.find(state.module()).ifPresent(bundle -> rows.add(row(state, bundle)));
            }
        }
        home.states().all().forEach((module, entry) -> {
            if (entry.standing() == ModuleEntry.Standing.REMOVED && modules.find(module).isEmpty()) {
                rows.add(removed(module, entry));
            }
        });
        return rows;
    }

    private Map<String, Object> row(ModuleSettings.State state, Bundle bundle) {
        ModuleEntry entry = home.states().of(state.module());
        var row = new LinkedHashMap<String, Object>();
        row.put("id", state.module());
        row.put("kind", ModuleKind.of(state.module()).word());
        row.put("version", state.version());
        row.put("state", state.state());
        row.put("problem", state.problem().isEmpty() ? passedOver(state.module()) : state.problem());
        row.put("kept", kept(entry));
        row.put("signature", signature(bundle));
        row.put("sessions", engine.usage(state.module()));
        row.put("needs", components.needs(bundle));
        row.put("neededBy", components.usedBy(bundle));
        row.put("name", header(bundle, "Bundle-Name"));
        row.put("license", header(bundle, "Bundle-License"));
        row.put("platform", false);
        return row;
    }

    private static Map<String, Object> removed(String module, ModuleEntry entry) {
        var row = new LinkedHashMap<String, Object>();
        row.put("id", module);
        row.put("kind", ModuleKind.of(module).word());
        row.put("version", "");
        row.put("state", "removed");
        row.put("problem", "");
        row.put("kept", kept(entry));
        row.put("signature", "");
        row.put("sessions", Map.of());
        row.put("needs", List.of());
        row.put("neededBy", List.of());
        row.put("name", "");
        row.put("license", "");
        row.put("platform", false);
        return row;
    }

    /** Why the jar that the operator had installed was not started; empty when it was. The launcher says so. */
    private static String passedOver(String module) {
        return Stream.of(System.getProperty("culvert.passed.over", "").split("; "))
                .filter(line -> line.startsWith("io.culvert." + module + " from "))
                .findFirst()
                .map(line -> "passed over at the start: " + line)
                .orElse("");
    }

    private static String header(Bundle bundle, String name) {
        String value = bundle.getHeaders().get(name);
        return value == null ? "" : value;
    }

    private static String kept(ModuleEntry entry) {
        return entry.kept().map(Jar::version).orElse("");
    }

    private String signature(Bundle bundle) {
        try {
            return trust.verdict(modules.file(bundle)).word();
        } catch (IOException e) {
            return "unreadable";
        }
    }
}
