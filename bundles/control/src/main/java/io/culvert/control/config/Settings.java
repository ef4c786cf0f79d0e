package io.culvert.control.config;

import io.culvert.api.config.ModuleSettings.Difference;
import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Leaf;
import io.culvert.control.config.Schema.Attribute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The settings in force: {@code etc/culvert.yaml}, which only people write, under the overlay of the {@link History},
 * which only commands write. A change is tried on the running modules first and kept when they take it.
 *
 * <p>Threads: any.
 */
public final class Settings {
    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    /** Stands for a secret wherever settings are shown. */
    static final String HIDDEN = "(hidden)";

    private final Path file;
    private final History history;
    private final Schemas schemas;
    private final InstantSource clock;
    private final Applier applier;
    private Plan plan = Plan.empty();

    /** Brings a plan to the running modules. */
    public interface Applier {
        /**
         * Returns when the modules have taken {@code plan}.
         *
         * @throws SettingsException with what a module says against it
         */
        void apply(Plan plan) throws SettingsException, InterruptedException;

        /**
         * Returns when the container has the settings of {@code plan}, whether the modules take them or not; starts and
         * stops none.
         */
        default void hand(Plan plan) throws SettingsException {}
    }

    public Settings(Path file, History history, Schemas schemas, InstantSource clock, Applier applier) {
        this.file = file;
        this.history = history;
        this.schemas = schemas;
        this.clock = clock;
        this.applier = applier;
    }

    /** Reads file and overlay. */
    public synchronized Plan load() throws SettingsException {
        plan = planned(history.newest().settings());
        return plan;
    }

    /** What was loaded or changed last. */
    public synchronized Plan plan() {
        return plan;
    }

    private Plan planned(Branch overlay) throws SettingsException {
        Branch typed = typed();
        // A module that a command has added may be gone again; one that a person has written down must be there.
        var added = new HashSet<>(overlay.children().keySet());
        added.removeAll(typed.children().keySet());
        Plan planned = Planner.plan(Planner.merged(typed, overlay), schemas, added);
        if (!planned.absent().isEmpty()) {
            LOG.info("control settings: not installed, so without effect: {}", String.join(", ", planned.absent()));
        }
        return planned;
    }

    private Branch typed() throws SettingsException {
        return Planner.modules(YamlReader.read(text(), "etc/culvert.yaml"));
    }

    private String text() throws SettingsException {
        try {
            if (Files.size(file) > YamlReader.MAX_BYTES) {
                throw new SettingsException(file + " is longer than " + YamlReader.MAX_BYTES + " bytes");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new SettingsException("cannot read " + file + ": " + e.getClass().getSimpleName() + "; write it, or move the"
                    + " home away and start again for the default settings");
        }
    }

    /**
     * Changes one setting of the running appliance.
     *
     * @param path {@code core.mtu} or {@code tunnel.openvpn.udp.port}
     * @param value as it would be typed in YAML; {@code null} goes back to the file
     */
    public synchronized History.Entry set(String path, String value) throws SettingsException, InterruptedException {
        List<String> keys = Planner.keys(path, schemas.modules());
        Optional<Attribute> attribute = attribute(path, keys);
        Node node = Planner.typed(value);
        boolean back = node instanceof Leaf leaf && leaf.kind() == Leaf.Kind.NOTHING;
        var overlay = copy(history.newest().overlay());
        if (back) {
            remove(overlay, keys);
            if (!typed().children().containsKey(keys.getFirst())) {
                // The command that added the module said that it runs; that stays.
                overlay.putIfAbsent(keys.getFirst(), new LinkedHashMap<String, Object>());
            }
        } else {
            put(overlay, keys, node.plain());
        }
        boolean secret = attribute.isPresent() && attribute.get().type().secret();
        return change("set " + path + " = " + (back ? "as in the file" : secret ? HIDDEN : value.strip()), overlay);
    }

    /**
     * Changes settings of one module together: all of them or none.
     *
     * @param edit what to change
     * @return what would be in force afterwards, by attribute, one line each, secrets hidden
     */
    public synchronized Edited edit(Edit edit, boolean dryRun) throws SettingsException, InterruptedException {
        Schema schema = schemas.schema(edit.module())
                .orElseThrow(() -> new SettingsException("no module " + edit.module() + " is installed"));
        if (schema.factory() == edit.instance().isEmpty()) {
            throw new SettingsException(schema.factory()
                    ? edit.module() + " has named instances; say which one"
                    : edit.module() + " has no named instances");
        }
        var base = new ArrayList<>(List.of(edit.module()));
        edit.instance().ifPresent(base::add);
        var overlay = copy(history.newest().overlay());
        var lines = new ArrayList<String>();
        if (edit.drop()) {
            if (branch(typed(), base).isPresent()) {
                throw new SettingsException(String.join(".", base) + " stands in etc/culvert.yaml; take it out there");
            }
            remove(overlay, base);
            lines.add(edit.instance().orElse("") + ": gone");
        }
        Map<String, Object> now = plan.of(edit.module()).stream()
                .filter(each -> each.instance().equals(edit.instance()))
                .findFirst()
                .map(each -> values(schema, each.values()))
                .orElseGet(LinkedHashMap::new);
        edit.values().forEach((id, value) -> {
            put(overlay, below(base, id), value);
            boolean secret = Optional.ofNullable(schema.attributes().get(id))
                    .filter(attribute -> attribute.type().secret())
                    .isPresent();
            lines.add(id + ": " + (secret ? HIDDEN : now.get(id) + ", now " + value));
        });
        for (String id : edit.remove()) {
            remove(overlay, below(base, id));
            lines.add(id + ": " + (now.get(id) instanceof String text && text.equals(HIDDEN) ? "" : now.get(id) + ", now ")
                    + "as in the file, or the default");
        }
        if (!typed().children().containsKey(edit.module())) {
            overlay.putIfAbsent(edit.module(), new LinkedHashMap<String, Object>());
        }
        if (dryRun) {
            planned((Branch) Values.node(overlay, Node.Place.COMMAND));
            return new Edited(lines, Optional.empty());
        }
        String what = "set " + String.join(".", base) + ": " + String.join(", ", edit.drop() ? List.of("gone") : names(edit));
        return new Edited(lines, Optional.of(change(what, overlay)));
    }

    /**
     * Some settings of one module.
     *
     * @param values as JSON has them, by attribute id
     * @param remove ids of those that go back to the file, or to the default
     * @param drop whether the instance goes that a command has added
     */
    public record Edit(
            String module, Optional<String> instance, Map<String, Object> values, List<String> remove, boolean drop) {}

    /** What an edit changed; with the entry of the history when it was not a dry run. */
    public record Edited(List<String> lines, Optional<History.Entry> entry) {}

    private static List<String> names(Edit edit) {
        var names = new ArrayList<>(edit.values().keySet());
        edit.remove().forEach(id -> names.add(id + " as in the file"));
        return names;
    }

    private static List<String> below(List<String> base, String id) {
        var keys = new ArrayList<>(base);
        keys.add(id);
        return keys;
    }

    private static Optional<Branch> branch(Branch root, List<String> keys) {
        Branch at = root;
        for (String key : keys) {
            if (!(at.children().get(key) instanceof Branch child)) {
                return Optional.empty();
            }
            at = child;
        }
        return Optional.of(at);
    }

    /**
     * The settings of one module for a form.
     *
     * @param revision number of the change that made them so
     */
    public record Detail(int revision, Schema schema, List<Instance> instances) {}

    /**
     * One configuration of a module.
     *
     * @param name empty unless the module has named instances
     * @param values in force, defaults included, secrets left out
     * @param set ids that somebody has set
     * @param secrets ids of secrets that somebody has set
     * @param unknown what the module does not describe, kept as it is
     */
    public record Instance(
            String name, Map<String, Object> values, List<String> set, List<String> secrets, Map<String, Object> unknown) {}

    /** @throws SettingsException when no such module is installed */
    public synchronized Detail detail(String module) throws SettingsException {
        Schema schema = schemas.schema(module)
                .orElseThrow(() -> new SettingsException("no module " + module + " is installed"));
        var merged = Planner.merged(typed(), history.newest().settings());
        Branch own = branch(merged, List.of(module)).orElseGet(() -> new Branch(Map.of(), Node.Place.COMMAND));
        var instances = new ArrayList<Instance>();
        if (schema.factory()) {
            own.children().forEach((name, node) -> {
                if (node instanceof Branch settings) {
                    instances.add(instance(module, schema, name, settings));
                }
            });
        } else {
            instances.add(instance(module, schema, "", own));
        }
        return new Detail(history.newest().number(), schema, instances);
    }

    private Instance instance(String module, Schema schema, String name, Branch typed) {
        Map<String, Object> inForce = plan.of(module).stream()
                .filter(each -> each.instance().orElse("").equals(name))
                .findFirst()
                .map(Plan.Configuration::values)
                .orElse(Map.of());
        var values = values(schema, inForce);
        values.values().removeIf(HIDDEN::equals);
        var set = new ArrayList<String>();
        var secrets = new ArrayList<String>();
        var unknown = new LinkedHashMap<String, Object>();
        typed.children().forEach((id, node) -> {
            Attribute attribute = schema.attributes().get(id);
            if (attribute == null) {
                unknown.put(id, node.plain());
            } else {
                (attribute.type().secret() ? secrets : set).add(id);
            }
        });
        return new Instance(name, values, set, secrets, unknown);
    }

    /**
     * Gives an installed module an entry without settings; starts nothing.
     *
     * @return false when the settings name it already
     */
    public synchronized boolean add(String module) throws SettingsException {
        var overlay = copy(history.newest().overlay());
        boolean named = typed().children().containsKey(module)
                || overlay.putIfAbsent(module, new LinkedHashMap<String, Object>()) != null;
        hand("add " + module, overlay, !named);
        return !named;
    }

    /**
     * Takes back what commands have said about a module; stops nothing.
     *
     * @return false when they have said nothing
     */
    public synchronized boolean remove(String module) throws SettingsException {
        var overlay = copy(history.newest().overlay());
        boolean there = overlay.remove(module) != null;
        hand("remove " + module, overlay, there);
        return there;
    }

    /** Plans anew even when no setting has changed, as the installed modules may have. */
    private void hand(String what, Map<String, Object> overlay, boolean changed) throws SettingsException {
        Plan after = planned((Branch) Values.node(overlay, Node.Place.COMMAND));
        applier.hand(after);
        if (changed) {
            History.Entry entry = history.append(clock.instant(), what, overlay);
            LOG.info("control settings change={}: {}", entry.number(), what);
        }
        plan = after;
    }

    /** How the settings that {@code next} takes differ from those of the installed version. */
    public synchronized Difference compare(String module, Schema next) {
        Optional<Schema> installed = schemas.schema(module);
        return Differences.between(
                module,
                installed.orElseGet(() -> Schema.none(module)),
                next,
                Optional.ofNullable(plan.settings().children().get(module)));
    }

    /** Goes back to the overlay after change {@code number}. */
    public synchronized History.Entry rollback(int number) throws SettingsException, InterruptedException {
        return change("roll back to " + number, history.entry(number).overlay());
    }

    private History.Entry change(String what, Map<String, Object> overlay)
            throws SettingsException, InterruptedException {
        Plan before = plan;
        Plan after = planned((Branch) Values.node(overlay, Node.Place.COMMAND));
        try {
            applier.apply(after);
            History.Entry entry = history.append(clock.instant(), what, overlay);
            plan = after;
            LOG.info("control settings change={}: {}", entry.number(), what);
            return entry;
        } catch (SettingsException e) {
            LOG.warn("control settings: '{}' is refused, {}", what, e.getMessage());
            applier.apply(before);
            throw new SettingsException(e.getMessage() + " (nothing was changed)");
        }
    }

    private Optional<Attribute> attribute(String path, List<String> keys) throws SettingsException {
        Schema schema = schemas.schema(keys.getFirst()).orElseThrow();
        int depth = schema.factory() ? 3 : 2;
        if (keys.size() != depth) {
            String example = keys.getFirst() + (schema.factory() ? ".INSTANCE" : "") + "."
                    + schema.attributes().keySet().stream().findFirst().orElse("SETTING");
            throw new SettingsException(path + " is no setting; a path is like " + example);
        }
        return Optional.ofNullable(schema.attributes().get(keys.getLast()));
    }

    /** The settings in force below {@code path}, defaults included and secrets hidden; all for an empty path. */
    public synchronized Object get(String path) throws SettingsException {
        var all = new LinkedHashMap<String, Object>();
        for (String module : plan.settings().children().keySet()) {
            all.put(module, shown(module));
        }
        if (path.isEmpty()) {
            return all;
        }
        Object found = all;
        for (String key : Planner.keys(path, all.keySet())) {
            Object below = found instanceof Map<?, ?> map ? map.get(key) : null;
            if (below == null) {
                throw new SettingsException(path + ": there is no " + key
                        + (found instanceof Map<?, ?> map ? "; there is " + join(map.keySet()) : ""));
            }
            found = below;
        }
        return found;
    }

    private static String join(Iterable<?> names) {
        var text = new ArrayList<String>();
        names.forEach(name -> text.add(String.valueOf(name)));
        return String.join(", ", text);
    }

    private Map<String, Object> shown(String module) {
        Schema schema = schemas.schema(module).orElseGet(() -> Schema.none(module));
        var shown = new LinkedHashMap<String, Object>();
        for (var configuration : plan.of(module)) {
            var values = values(schema, configuration.values());
            configuration.instance().ifPresentOrElse(name -> shown.put(name, values), () -> shown.putAll(values));
        }
        return shown;
    }

    private static Map<String, Object> values(Schema schema, Map<String, Object> set) {
        var values = new LinkedHashMap<String, Object>();
        schema.attributes().forEach((id, attribute) -> {
            Object value = set.containsKey(id) ? plain(set.get(id)) : defaults(attribute);
            if (value != null) {
                values.put(id, attribute.type().secret() ? HIDDEN : value);
            }
        });
        return values;
    }

    private static @Nullable Object defaults(Attribute attribute) {
        List<Object> values = attribute.defaults().stream()
                .map(text -> Validation.parse(attribute.type(), text).orElse(text))
                .toList();
        return attribute.list() ? values : values.isEmpty() ? null : values.getFirst();
    }

    private static @Nullable Object plain(@Nullable Object value) {
        if (value == null || !value.getClass().isArray()) {
            return value;
        }
        var list = new ArrayList<Object>();
        for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) {
            list.add(java.lang.reflect.Array.get(value, i));
        }
        return list;
    }

    /** The settings in force as one {@code culvert.yaml}, secrets included. */
    public synchronized String export() {
        var options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return new Yaml(options).dump(Map.of("modules", plan.settings().plain()));
    }

    public List<History.Entry> history() throws SettingsException {
        return history.entries();
    }

    /** The newest {@code count}, oldest first. */
    public List<History.Entry> history(int count) throws SettingsException {
        return history.last(count);
    }

    @SuppressWarnings("unchecked") // copies of what JSON was read into: names are strings
    private static Map<String, Object> copy(Map<String, Object> map) {
        var copy = new LinkedHashMap<String, Object>();
        map.forEach((key, value) ->
                copy.put(key, value instanceof Map<?, ?> below ? copy((Map<String, Object>) below) : value));
        return copy;
    }

    @SuppressWarnings("unchecked") // as in copy
    private static void put(Map<String, Object> map, List<String> keys, @Nullable Object value) {
        Map<String, Object> at = map;
        for (String key : keys.subList(0, keys.size() - 1)) {
            at = (Map<String, Object>) at.computeIfAbsent(key, _ -> new LinkedHashMap<String, Object>());
        }
        at.put(keys.getLast(), value);
    }

    @SuppressWarnings("unchecked") // as in copy
    private static void remove(Map<String, Object> map, List<String> keys) {
        Object below = map.get(keys.getFirst());
        if (keys.size() == 1) {
            map.remove(keys.getFirst());
        } else if (below instanceof Map<?, ?> child) {
            remove((Map<String, Object>) child, keys.subList(1, keys.size()));
            if (child.isEmpty()) {
                map.remove(keys.getFirst());
            }
        }
    }
}
