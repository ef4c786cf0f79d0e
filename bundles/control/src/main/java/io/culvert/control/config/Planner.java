package io.culvert.control.config;

import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Items;
import io.culvert.control.config.Node.Leaf;
import io.culvert.control.config.Node.Place;
import io.culvert.control.config.Plan.Configuration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** From typed settings to a {@link Plan}; gathers every problem before it gives up. */
final class Planner {
    private static final Pattern INSTANCE = Pattern.compile("[A-Za-z0-9_-]{1,32}");
    private static final String ROOT = "modules";

    private final Schemas schemas;
    private final List<String> problems = new ArrayList<>();
    private final Validation validation = new Validation(problems);
    private final List<Configuration> configurations = new ArrayList<>();
    private final Set<String> mayBeAbsent;
    private final Set<String> absent = new HashSet<>();

    private Planner(Schemas schemas, Set<String> mayBeAbsent) {
        this.schemas = schemas;
        this.mayBeAbsent = mayBeAbsent;
    }

    /** The settings below {@code modules:} of a file. */
    static Branch modules(Node file) throws SettingsException {
        if (!(file instanceof Branch root)) {
            throw new SettingsException(file.at().prefix() + "expected 'modules:' and the modules' settings below it");
        }
        for (var child : root.children().entrySet()) {
            if (!child.getKey().equals(ROOT)) {
                throw new SettingsException(child.getValue().at().prefix() + "'" + child.getKey()
                        + "' is nothing at this place; modules stand below 'modules:'");
            }
        }
        Node modules = root.children().get(ROOT);
        if (modules == null) {
            throw new SettingsException(root.at().prefix() + "'modules:' is missing; it says which modules run");
        }
        return branch(modules)
                .orElseThrow(() -> new SettingsException(modules.at().prefix() + "'modules:' takes module ids below it"));
    }

    /** @throws SettingsException with every problem */
    static Plan plan(Branch modules, Schemas schemas) throws SettingsException {
        return plan(modules, schemas, Set.of());
    }

    /**
     * @param mayBeAbsent ids of modules that need not be installed; stopped and removed ones need not either
     * @throws SettingsException with every problem
     */
    static Plan plan(Branch modules, Schemas schemas, Set<String> mayBeAbsent) throws SettingsException {
        var planner = new Planner(schemas, mayBeAbsent);
        var settings = new LinkedHashMap<String, Node>();
        modules.children().forEach((id, node) -> planner.module(id, node).ifPresent(branch -> settings.put(id, branch)));
        if (!planner.problems.isEmpty()) {
            throw new SettingsException(planner.problems);
        }
        return new Plan(new Branch(settings, modules.at()), planner.configurations, planner.absent);
    }

    private Optional<Branch> module(String id, Node node) {
        Optional<Schema> schema = schemas.schema(id);
        if (schema.isEmpty() && (mayBeAbsent.contains(id) || schemas.off().contains(id))) {
            absent.add(id);
            return branch(node);
        }
        if (schema.isEmpty()) {
            problems.add(node.at().prefix() + "no module " + id + " is installed; "
                    + Values.nearest(id, schemas.modules())
                            .map(nearest -> "did you mean " + nearest + "?")
                            .orElse("there are " + String.join(", ", schemas.modules())));
            return Optional.empty();
        }
        Optional<Branch> settings = branch(node);
        if (settings.isEmpty()) {
            problems.add(node.at().prefix() + id + " takes settings below it; write '" + id + ": {}' for none");
        } else if (schema.get().factory()) {
            settings.get().children().forEach((name, each) -> instance(id, schema.get(), name, each));
        } else {
            add(id, Optional.empty(), validation.values(id, schema.get(), settings.get()));
        }
        return settings;
    }

    private void instance(String id, Schema schema, String name, Node node) {
        if (!INSTANCE.matcher(name).matches()) {
            problems.add(node.at().prefix() + "'" + name + "' cannot name an instance of " + id
                    + "; use up to 32 letters, digits, '-' and '_'");
            return;
        }
        Optional<Branch> settings = branch(node);
        if (settings.isEmpty()) {
            problems.add(node.at().prefix() + id + " takes named instances, and " + name
                    + " is none; expected its settings below it");
            return;
        }
        add(id, Optional.of(name), validation.values(id + "." + name, schema, settings.get()));
    }

    private void add(String id, Optional<String> instance, Map<String, Object> values) {
        configurations.add(new Configuration(id, instance, values));
    }

    /** A mapping, for which nothing typed counts as an empty one. */
    private static Optional<Branch> branch(Node node) {
        return switch (node) {
            case Branch branch -> Optional.of(branch);
            case Leaf leaf when leaf.kind() == Leaf.Kind.NOTHING -> Optional.of(new Branch(Map.of(), leaf.at()));
            case Leaf _, Items _ -> Optional.empty();
        };
    }

    /** {@code over} laid upon {@code under}; mappings merge, anything else replaces. */
    static Branch merged(Branch under, Branch over) {
        var children = new LinkedHashMap<>(under.children());
        over.children().forEach((name, node) -> {
            Optional<Branch> below = Optional.ofNullable(children.get(name)).flatMap(Planner::branch);
            children.put(
                    name, node instanceof Branch branch && below.isPresent() ? merged(below.get(), branch) : node);
        });
        return new Branch(children, under.at());
    }

    /**
     * Where a typed path leads: {@code tunnel.openvpn.udp.port}.
     *
     * @param keys from the module's id down: {@code [tunnel.openvpn, udp, port]}
     */
    static List<String> keys(String path, Set<String> modules) throws SettingsException {
        String module = modules.stream()
                .filter(id -> path.equals(id) || path.startsWith(id + "."))
                .max((a, b) -> Integer.compare(a.length(), b.length()))
                .orElse(null);
        if (module == null) {
            throw new SettingsException(path + " is in no module; "
                    + Values.nearest(path, modules)
                            .map(nearest -> "did you mean " + nearest + "?")
                            .orElse("there are " + String.join(", ", modules)));
        }
        var keys = new ArrayList<String>();
        keys.add(module);
        if (path.length() > module.length()) {
            keys.addAll(List.of(path.substring(module.length() + 1).split("\\.", -1)));
        }
        if (keys.contains("")) {
            throw new SettingsException(path + ": a name is missing between two dots");
        }
        return keys;
    }

    /** What a command's argument means: YAML where it is a value or a list, else the text as it is. */
    static Node typed(String text) {
        Place at = Place.COMMAND;
        try {
            Node node = YamlReader.read(text, "");
            if (!(node instanceof Branch) || text.strip().startsWith("{")) {
                return Values.placed(node, at);
            }
        } catch (SettingsException e) {
            // Addresses and passwords need not be YAML.
        }
        return new Leaf(text, text.isEmpty() ? Leaf.Kind.NOTHING : Leaf.Kind.TEXT, at);
    }
}
