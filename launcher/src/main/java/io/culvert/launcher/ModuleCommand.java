package io.culvert.launcher;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Looks at the modules, and changes them while traffic flows. */
@Command(
        name = "module",
        description = "Look at the modules, and change them while traffic flows.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TrustCommands.KeysCommand.class,
            TrustCommands.TrustCommand.class,
            TrustCommands.DistrustCommand.class,
            TrustCommands.SignCommand.class,
            TrustCommands.VerifyCommand.class,
            NewModule.class
        })
final class ModuleCommand {
    /** What fits a terminal; {@code --json} has everything. */
    private static final List<String> COLUMNS =
            List.of("id", "version", "state", "problem", "kept", "signature", "sessions");

    private static final List<String> CHANGE_COLUMNS =
            List.of("id", "kind", "module", "from", "version", "state", "updated", "reason");

    @ParentCommand
    Main main;

    private static final String AT_ONCE = "The old version leaves at once, without a rehearsal of the new one.";

    /** How a change is to be made. */
    static final class How {
        @Option(names = "--replace", description = AT_ONCE)
        boolean replace;

        @Option(
                names = "--watch",
                paramLabel = "SECONDS",
                description = "How long the new version is watched before the change is kept; 0 for its self-test only.")
        @Nullable Integer watch;

        @Option(
                names = "--limit",
                paramLabel = "NAME=NUMBER",
                description = {
                    "What sends the new version back while it is watched; may be given again.",
                    "handshakes: points by which the percentage of failed handshakes may rise",
                    "errors: errors that the module may log a minute",
                    "throughput: percent of the time before that sessions must carry; 0 for any"
                })
        Map<String, Integer> limits = Map.of();

        @Option(names = "--note", paramLabel = "TEXT", description = "Why; shown among the changes.")
        String note = "";

        @Option(
                names = "--plan",
                paramLabel = "HASH",
                description = "Only when the plan is still the one that 'module plan' showed.")
        String plan = "";

        private void put(Map<String, Object> arguments) {
            arguments.put("replace", replace);
            if (watch != null) {
                arguments.put("watch", watch);
            }
            if (!limits.isEmpty()) {
                arguments.put("limits", limits);
            }
            arguments.put("note", note);
            arguments.put("planHash", plan);
        }
    }

    @Command(name = "list", description = "List the modules, their versions and states.")
    void list(
            @Option(names = "--available", description = "What a repository has, instead of what is installed.")
                    boolean available,
            @Option(
                            names = "--from",
                            paramLabel = "PATH|URL",
                            defaultValue = "",
                            description = "The repository; the release's own unless told.")
                    String from) {
        if (available || !from.isEmpty()) {
            main.print(main.client().call("module available", Map.of("from", Repositories.absolute(from))));
            return;
        }
        Object answer = main.client().call("module list", Map.of());
        main.print(main.json ? answer : Text.only(COLUMNS, answer));
    }

    @Command(name = "plan", description = "Show what a change would do, and do nothing.")
    void plan(
            @Parameters(paramLabel = "FILE|ID", description = "A module's jar, or the id of a module.") String target,
            @Option(
                            names = "--kind",
                            paramLabel = "KIND",
                            description = "install, update, start, stop, remove or rollback; install or update unless told.")
                    @Nullable String kind,
            @Option(names = "--replace", description = AT_ONCE) boolean replace) {
        var arguments = new LinkedHashMap<String, Object>();
        arguments.put("target", target(target));
        arguments.put("kind", kind == null ? "" : kind);
        arguments.put("replace", replace);
        main.print(main.client().call("module plan", arguments));
    }

    @Command(name = "install", description = "Install a module and start it.")
    void install(
            @Parameters(paramLabel = "FILE|ID") String target,
            @Option(names = "--from", paramLabel = "PATH|URL", description = "The repository that has the ID.")
                    @Nullable String from,
            @Mixin How how) {
        change("install", Map.of("target", from == null ? target(target) : fetched(target, from)), how);
    }

    @Command(name = "update", description = "Replace a module by another version of it; sessions stay.")
    void update(
            @Parameters(paramLabel = "ID") String module,
            @Parameters(paramLabel = "FILE", arity = "0..1", description = "Its jar; the newest that is offered unless told.")
                    @Nullable String file,
            @Option(names = "--from", paramLabel = "PATH|URL", description = "The repository that has a newer version.")
                    @Nullable String from,
            @Mixin How how) {
        String target = from == null ? target(file == null ? module : file) : fetched(module, from);
        change("update", Map.of("module", module, "target", target), how);
    }

    @Command(name = "start", description = "Start a module that is installed, and keep it running.")
    void start(@Parameters(paramLabel = "ID") String module, @Mixin How how) {
        change("start", Map.of("module", module), how);
    }

    @Command(name = "stop", description = "Stop a module until it is started again; restarts do not start it.")
    void stop(@Parameters(paramLabel = "ID") String module, @Mixin How how) {
        change("stop", Map.of("module", module), how);
    }

    @Command(name = "remove", description = "Stop a module and take it out.")
    void remove(@Parameters(paramLabel = "ID") String module, @Mixin How how) {
        change("remove", Map.of("module", module), how);
    }

    @Command(name = "rollback", description = "Go back to the version of a module that was kept.")
    void rollback(@Parameters(paramLabel = "ID") String module, @Mixin How how) {
        change("rollback", Map.of("module", module), how);
    }

    @Command(name = "changes", description = "List the changes, newest last, or show one with all its steps.")
    void changes(@Parameters(paramLabel = "CHANGE", arity = "0..1") @Nullable Integer change) {
        Object answer = main.client().call("module changes", change == null ? Map.of() : Map.of("change", change));
        if (change == null && Text.rows(answer).map(List::isEmpty).orElse(false)) {
            main.print(answer, "no changes");
        } else {
            main.print(main.json || change != null ? answer : Text.only(CHANGE_COLUMNS, answer));
        }
    }

    @Command(name = "cancel", description = "Call a change off that is under way: the old version comes back.")
    void cancel(@Parameters(paramLabel = "CHANGE") int change) {
        Object answer = main.client().call("module cancel", Map.of("change", change));
        main.print(answer, answer instanceof Map<?, ?> map ? result(map) : String.valueOf(answer));
    }

    /** The newest version of a module that resolves, in quarantine by now. */
    private String fetched(String module, String from) {
        Object answer = main.client().call(
                "module fetch", Map.of("module", module, "from", Repositories.absolute(from)));
        if (answer instanceof Map<?, ?> map && map.get("file") instanceof String file) {
            return file;
        }
        throw new Failure("culvert fetched no " + module);
    }

    /** The appliance has a working directory of its own. */
    private static String target(String text) {
        Path file = Path.of(text);
        return text.contains("/") || text.endsWith(".jar") || Files.isRegularFile(file)
                ? file.toAbsolutePath().normalize().toString()
                : text;
    }

    private void change(String kind, Map<String, Object> what, How how) {
        var arguments = new LinkedHashMap<String, Object>(what);
        how.put(arguments);
        Object answer = main.client().call("module " + kind, arguments, this::part);
        main.print(answer, answer instanceof Map<?, ?> map ? result(map) : String.valueOf(answer));
    }

    private void part(Object part) {
        if (main.json || !(part instanceof Map<?, ?> map)) {
            return;
        }
        PrintWriter out = main.spec.commandLine().getOut();
        if (map.get("lines") instanceof List<?> lines) {
            lines.forEach(out::println);
        } else if (map.get("line") instanceof String line) {
            out.println("  " + line);
        }
        out.flush();
    }

    private static String result(Map<?, ?> change) {
        Object version = change.get("version");
        Object reason = change.get("reason");
        return "change " + change.get("id") + ", " + change.get("kind") + " of " + change.get("module")
                + (version == null ? "" : " " + version) + ": " + change.get("state")
                + (reason == null || reason.equals("") ? "" : ", " + reason);
    }
}
