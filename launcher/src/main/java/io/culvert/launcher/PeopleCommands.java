package io.culvert.launcher;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Users, their profiles and their sessions. */
final class PeopleCommands {
    private static final int MAX_PASSWORD_BYTES = 1024;

    private PeopleCommands() {}

    @Command(name = "user", description = "Manage the people who may come in.", synopsisSubcommandLabel = "COMMAND")
    static final class UserCommand {
        @ParentCommand
        Main main;

        @Command(name = "add", description = "Add a user; without a password only a certificate lets them in.")
        void add(
                @Parameters(paramLabel = "NAME") String name,
                @Option(names = "--password-stdin", description = "Read the password from standard input.")
                        boolean passwordStdin) {
            var arguments = new LinkedHashMap<String, Object>();
            arguments.put("name", name);
            if (passwordStdin) {
                arguments.put("password", firstLine());
            }
            main.print(main.client().call("user add", arguments), "added " + name);
        }

        @Command(name = "list", description = "List the users.")
        void list() {
            Object answer = main.client().call("user list", Map.of());
            if (Text.rows(answer).map(List::isEmpty).orElse(false)) {
                main.print(answer, "no users; add one with: culvert user add NAME");
            } else {
                main.print(answer);
            }
        }

        @Command(name = "disable", description = "Keep a user out, and end their sessions.")
        void disable(@Parameters(paramLabel = "NAME") String name) {
            main.print(main.client().call("user disable", Map.of("name", name)), "disabled " + name);
        }

        @Command(name = "enable", description = "Let a disabled user in again.")
        void enable(@Parameters(paramLabel = "NAME") String name) {
            main.print(main.client().call("user enable", Map.of("name", name)), "enabled " + name);
        }

        @Command(name = "remove", description = "Remove a user, and end their sessions.")
        void remove(@Parameters(paramLabel = "NAME") String name) {
            main.print(main.client().call("user remove", Map.of("name", name)), "removed " + name);
        }

        @Command(name = "password", description = "Give a user a new password.")
        void password(
                @Parameters(paramLabel = "NAME") String name,
                @Option(names = "--password-stdin", description = "Read the password from standard input.")
                        boolean passwordStdin) {
            String password = passwordStdin ? firstLine() : typed();
            main.print(
                    main.client().call("user password", Map.of("name", name, "password", password)),
                    "changed the password of " + name);
        }

        @Command(
                name = "totp",
                description = "Give a user a secret for one-time codes. It is shown once: keep it safe.")
        void totp(
                @Parameters(paramLabel = "NAME") String name,
                @Option(names = "--off", description = "Take the secret away.") boolean off) {
            Object answer = main.client().call("user totp", Map.of("name", name, "off", off));
            if (!main.json && answer instanceof Map<?, ?> map && map.get("qr") instanceof String picture) {
                main.print(answer, picture + map.get("uri"));
            } else {
                main.print(answer, "took the secret of " + name + " away");
            }
        }

        private static String typed() {
            var console = System.console();
            if (console == null || !console.isTerminal()) {
                throw new Failure(Failure.WRONG_USAGE, "no terminal to ask at; use --password-stdin");
            }
            var password = console.readPassword("password: ");
            var again = console.readPassword("again: ");
            if (password == null || again == null || !new String(password).equals(new String(again))) {
                throw new Failure("the two passwords differ; nothing was changed");
            }
            return nonEmpty(new String(password));
        }

        private static String firstLine() {
            var line = new ByteArrayOutputStream();
            try {
                for (int b = System.in.read(); b >= 0 && b != '\n'; b = System.in.read()) {
                    line.write(b);
                    if (line.size() > MAX_PASSWORD_BYTES) {
                        throw new Failure("the password is longer than " + MAX_PASSWORD_BYTES + " bytes");
                    }
                }
            } catch (IOException e) {
                throw new Failure("cannot read the password: " + Errors.line(e));
            }
            String text = line.toString(StandardCharsets.UTF_8);
            return nonEmpty(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        }

        private static String nonEmpty(String password) {
            if (password.isEmpty()) {
                throw new Failure("the password is empty");
            }
            return password;
        }
    }

    @Command(
            name = "profile",
            description = "Print a client profile with everything inline. It holds a private key: keep it safe.")
    static final class ProfileCommand implements Runnable {
        @ParentCommand
        Main main;

        @Parameters(paramLabel = "NAME", description = "The user.")
        String name = "";

        @Option(names = "--protocol", paramLabel = "PROTOCOL", description = "${DEFAULT-VALUE} unless told.")
        String protocol = "openvpn";

        @Option(names = "--remote", paramLabel = "HOST[:PORT]", description = "Where the client connects to.")
        String remote = "";

        @Option(names = "--transport", paramLabel = "TRANSPORT", description = "udp or tcp.")
        String transport = "";

        @Option(names = "--instance", paramLabel = "INSTANCE", description = "The listener, as the settings name it.")
        String instance = "";

        @Option(names = "--reuse", description = "Print the newest valid certificate again; a new one unless told.")
        boolean reuse;

        @Override
        public void run() {
            var arguments = new LinkedHashMap<String, Object>();
            arguments.put("name", name);
            arguments.put("protocol", protocol);
            arguments.put("reuse", reuse);
            putIfTold(arguments, "remote", remote);
            putIfTold(arguments, "transport", transport);
            putIfTold(arguments, "instance", instance);
            Object answer = main.client().call("profile", arguments);
            if (!main.json && answer instanceof Map<?, ?> map && map.get("profile") instanceof String profile) {
                main.print(answer, profile.stripTrailing());
            } else {
                main.print(answer);
            }
        }

        private static void putIfTold(Map<String, Object> arguments, String key, String value) {
            if (!value.isEmpty()) {
                arguments.put(key, value);
            }
        }
    }

    @Command(name = "revoke", description = "Revoke every profile of a user, and end their sessions.")
    static final class RevokeCommand implements Runnable {
        @ParentCommand
        Main main;

        @Parameters(paramLabel = "NAME", description = "The user.")
        String name = "";

        @Override
        public void run() {
            main.print(main.client().call("revoke", Map.of("name", name)));
        }
    }

    @Command(name = "kill", description = "End a session, or all of a user's.")
    static final class KillCommand implements Runnable {
        @ParentCommand
        Main main;

        @Parameters(paramLabel = "SESSION", description = "The session's id as 'culvert sessions' shows it, or a user.")
        String session = "";

        @Override
        public void run() {
            main.print(main.client().call("kill", Map.of("session", session)));
        }
    }
}
