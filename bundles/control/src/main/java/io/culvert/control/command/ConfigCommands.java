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

/** {@code config get|set|export|history|rollback}. */
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
                        settings.history().stream().map(ConfigCommands::shown).toList()),
                command("config rollback", arguments -> shown(settings.rollback(arguments.number("number")))));
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
