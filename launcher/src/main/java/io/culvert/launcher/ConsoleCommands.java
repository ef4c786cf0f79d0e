package io.culvert.launcher;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Who may use the console, and what they did. */
final class ConsoleCommands {
    private ConsoleCommands() {}

    @Command(name = "admin", description = "Manage who may use the console.", synopsisSubcommandLabel = "COMMAND")
    static final class AdminCommand {
        @ParentCommand
        Main main;

        @Command(name = "list", description = "List the administrators.")
        void list() {
            Object answer = main.client().call("admin list", Map.of());
            if (Text.rows(answer).map(List::isEmpty).orElse(false)) {
                main.print(answer, "no administrators; add one with: culvert admin add NAME");
            } else {
                main.print(answer);
            }
        }

        @Command(name = "add", description = "Add an administrator. Password and secret are shown once.")
        void add(
                @Parameters(paramLabel = "NAME") String name,
                @Option(
                                names = "--role",
                                paramLabel = "ROLE",
                                description = "viewer, operator, users or administrator; ${DEFAULT-VALUE} unless told.",
                                defaultValue = "administrator")
                        String role) {
            var arguments = new LinkedHashMap<String, Object>();
            arguments.put("name", name);
            arguments.put("role", role);
            handOver(main.client().call("admin add", arguments));
        }

        @Command(
                name = "reset",
                description = "New password and second factor for somebody who is locked out; ends their sessions.")
        void reset(@Parameters(paramLabel = "NAME") String name) {
            handOver(main.client().call("admin reset", Map.of("name", name)));
        }

        @Command(name = "remove", description = "Remove an administrator, and end their sessions.")
        void remove(@Parameters(paramLabel = "NAME") String name) {
            main.print(main.client().call("admin remove", Map.of("name", name)), "removed " + name);
        }

        private void handOver(Object answer) {
            if (!main.json && answer instanceof Map<?, ?> map) {
                main.print(answer, "name:     " + map.get("name") + "\npassword: " + map.get("password")
                        + "\nfor the authenticator app: " + map.get("uri")
                        + "\nThis is shown once. Change the password after signing in.");
            } else {
                main.print(answer);
            }
        }
    }

    @Command(name = "setup", description = "Claim a new appliance.", synopsisSubcommandLabel = "COMMAND")
    static final class SetupCommand {
        @ParentCommand
        Main main;

        @Command(name = "code", description = "Make a new code for the console's set-up.")
        void code() {
            Object answer = main.client().call("setup code", Map.of());
            main.print(answer, said(answer).isEmpty() ? "the appliance is set up already" : said(answer));
        }
    }

    /** What a person is told of a code; empty when there is none. */
    static String said(Object answer) {
        if (!(answer instanceof Map<?, ?> map) || String.valueOf(map.get("code")).isEmpty()) {
            return "";
        }
        String address = String.valueOf(map.get("address"));
        return (address.isEmpty() ? "the console's port is closed" : "console: " + address) + "  set-up code: "
                + map.get("code") + " (" + map.get("minutes") + " minutes; another one: culvert setup code)";
    }

    @Command(name = "audit", description = "Look after the record of who changed what.", synopsisSubcommandLabel = "COMMAND")
    static final class AuditCommand {
        @ParentCommand
        Main main;

        @Command(name = "verify", description = "Check that no entry is missing or changed.")
        void verify() {
            Object answer = main.client().call("audit verify", Map.of());
            main.print(answer, answer instanceof Map<?, ?> map ? "intact: " + map.get("entries") + " entries" : "intact");
        }
    }
}
