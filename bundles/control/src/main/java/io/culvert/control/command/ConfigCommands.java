package io.culvert.control.command;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.control.config.History;
import io.culvert.control.config.Settings;
import io.culvert.control.config.SettingsException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code config get|set|export|history|rollback}, and for forms {@code config schema|detail|edit}. */
public final class ConfigCommands {
    private final Settings settings;

    public ConfigCommands(Settings settings) {
        this.settings = settings;
    }

    public List<Command> all() {
        return List.of(
                command("config get", arguments -> settings.get(arguments.optional("path").orElse(""))),
                command("config set", arguments -> shown(settings.set(arguments.text("path"), value(arguments)))),
                command("config export", arguments -> settings.export()),
                command("config history", arguments ->
                        settings.history(last(arguments)).stream().map(ConfigCommands::shown).toList()),
                command("config rollback", arguments -> shown(settings.rollback(arguments.number("number")))),
                command("config schema", arguments -> SchemaForm.json(
                        arguments.text("module"), settings.detail(arguments.text("module")).schema())),
                command("config detail", arguments -> detail(settings.detail(arguments.text("module")))),
                command("config edit", this::edit));
    }

    private static int last(Arguments arguments) throws CommandException {
        return arguments.optional("last").isPresent() ? arguments.number("last") : Integer.MAX_VALUE;
    }

    private static Map<String, Object> detail(Settings.Detail detail) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("revision", detail.revision());
        shown.put("factory", detail.schema().factory());
        shown.put("instances", detail.instances().stream()
                .map(each -> {
                    var instance = new LinkedHashMap<String, Object>();
                    instance.put("name", each.name());
                    instance.put("values", each.values());
                    instance.put("set", each.set());
                    instance.put("secrets", each.secrets());
                    instance.put("unknown", each.unknown());
                    return instance;
                })
                .toList());
        return shown;
    }

    /** {@code problems} says what is wrong when it is a dry run; else the first refusal is the command's own. */
    private Object edit(Arguments arguments) throws CommandException, SettingsException, InterruptedException {
        boolean dryRun = arguments.flag("dryRun");
        var edit = new Settings.Edit(
                arguments.text("module"),
                arguments.optional("instance"),
                map(arguments.values().get("values")),
                list(arguments.values().get("remove")),
                arguments.flag("drop"));
        var answer = new LinkedHashMap<String, Object>();
        try {
            Settings.Edited edited = settings.edit(edit, dryRun);
            answer.put("lines", edited.lines());
            answer.put("problems", List.of());
            edited.entry().ifPresent(entry -> answer.putAll(shown(entry)));
        } catch (SettingsException e) {
            if (!dryRun) {
                throw e;
            }
            answer.put("lines", List.of());
            answer.put("problems", e.problems());
        }
        return answer;
    }

    private static Map<String, Object> map(@Nullable Object argument) throws CommandException {
        if (argument == null) {
            return Map.of();
        }
        if (argument instanceof Map<?, ?> map) {
            var values = new LinkedHashMap<String, Object>();
            map.forEach((id, value) -> values.put(String.valueOf(id), value));
            return values;
        }
        throw new CommandException("the argument 'values' must be an object");
    }

    private static List<String> list(@Nullable Object argument) throws CommandException {
        if (argument == null) {
            return List.of();
        }
        if (argument instanceof List<?> list) {
            return list.stream().map(String::valueOf).toList();
        }
        throw new CommandException("the argument 'remove' must be a list");
    }

    private static String value(Arguments arguments) throws CommandException {
        Object value = arguments.values().get("value");
        return value instanceof String text ? text : arguments.text("value");
    }

    private static Map<String, Object> shown(History.Entry entry) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("number", entry.number());
        shown.put("time", entry.time().truncatedTo(ChronoUnit.SECONDS).toString());
        shown.put("change", entry.change());
        return shown;
    }

    private interface Body {
        Object run(Arguments arguments) throws CommandException, SettingsException, InterruptedException;
    }

    private static Command command(String name, Body body) {
        return new SimpleCommand(name, arguments -> {
            try {
                return body.run(arguments);
            } catch (SettingsException e) {
                throw new CommandException(e.getMessage(), e);
            }
        });
    }
}
