package io.culvert.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** The modules' settings. */
final class SettingsCommands {
    private SettingsCommands() {}

    @Command(name = "config", description = "Show and change settings.", synopsisSubcommandLabel = "COMMAND")
    static final class ConfigCommand {
        @ParentCommand
        Main main;

        @Command(name = "get", description = "Show the settings in force, or those below a path.")
        void get(@Parameters(paramLabel = "PATH", arity = "0..1", defaultValue = "") String path) {
            main.print(main.client().call("config get", Map.of("path", path)));
        }

        @Command(
                name = "set",
                description = "Change a setting of the running appliance; 'null' goes back to etc/culvert.yaml.")
        void set(
                @Parameters(paramLabel = "PATH", description = "MODULE[.INSTANCE].SETTING") String path,
                @Parameters(paramLabel = "VALUE", description = "As it would stand in YAML.") String value) {
            var arguments = new LinkedHashMap<String, Object>();
            arguments.put("path", path);
            arguments.put("value", value);
            changed(main.client().call("config set", arguments));
        }

        @Command(name = "export", description = "Print the settings in force as one etc/culvert.yaml.")
        void export() {
            Object answer = main.client().call("config export", Map.of());
            if (answer instanceof String yaml) {
                main.print(yaml, yaml.stripTrailing());
            } else {
                main.print(answer);
            }
        }

        @Command(name = "history", description = "List the changes, newest last.")
        void history() {
            main.print(main.client().call("config history", Map.of()));
        }

        @Command(name = "rollback", description = "Go back to the settings after a change of the history.")
        void rollback(@Parameters(paramLabel = "N", description = "The change's number; 0 for none.") int number) {
            changed(main.client().call("config rollback", Map.of("number", number)));
        }

        private void changed(Object answer) {
            if (answer instanceof Map<?, ?> change) {
                main.print(answer, change.get("change") + " (change " + change.get("number") + ")");
            } else {
                main.print(answer);
            }
        }
    }
}
