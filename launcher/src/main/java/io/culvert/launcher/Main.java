package io.culvert.launcher;

import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * {@code culvert}: runs the appliance, and talks to a running one. Exit status 0 done, 1 refused or failed with one
 * clear line on standard error, 2 wrong usage, 3 not running.
 */
@Command(
        name = "culvert",
        description = "A VPN appliance whose every part can be replaced while traffic flows.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = false,
        subcommands = {
            RunCommands.UpCommand.class,
            RunCommands.StopCommand.class,
            LookCommands.StatusCommand.class,
            LookCommands.SessionsCommand.class,
            LookCommands.LogsCommand.class,
            LookCommands.DoctorCommand.class,
            LookCommands.DrainCommand.class,
            PeopleCommands.UserCommand.class,
            PeopleCommands.ProfileCommand.class,
            PeopleCommands.RevokeCommand.class,
            PeopleCommands.KillCommand.class,
            ModuleCommand.class,
            SettingsCommands.ConfigCommand.class,
            BackupCommands.BackupCommand.class,
            BackupCommands.BackupsCommand.class,
            BackupCommands.RestoreCommand.class,
            ConsoleCommands.AdminCommand.class,
            ConsoleCommands.SetupCommand.class,
            ConsoleCommands.AuditCommand.class
        },
        footer = {
            "",
            "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not running."
        })
public final class Main {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--home",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description = "Where the appliance keeps everything.")
    Path directory = Path.of(System.getProperty("culvert.default.home", "/var/lib/culvert"));

    @Option(names = "--json", scope = ScopeType.INHERIT, description = "Print the answer as JSON.")
    boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    boolean help;

    private Main() {}

    HomeDirectory home() {
        return new HomeDirectory(directory);
    }

    ControlClient client() {
        return new ControlClient(home());
    }

    /** Prints an answer: JSON when that was asked for, else as {@link Text} lays it out. */
    void print(Object answer) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Text.json(answer) : Text.of(answer));
        out.flush();
    }

    /** Prints one line for a person; nothing with {@code --json}, which prints {@code answer}. */
    void print(Object answer, String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Text.json(answer) : line);
        out.flush();
    }

    @Command(name = "completion", description = "Print the completion script for bash: source <(culvert completion)")
    void completion() {
        spec.commandLine().getOut().print(AutoComplete.bash("culvert", spec.commandLine()));
        spec.commandLine().getOut().flush();
    }

    /** The command line, ready to execute. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setExecutionExceptionHandler(Main::failed)
                .setParameterExceptionHandler(Main::misused)
                .setUsageHelpAutoWidth(true)
                .setAbbreviatedOptionsAllowed(false);
    }

    private static int failed(Exception problem, CommandLine command, CommandLine.ParseResult parsed) {
        if (problem instanceof Failure failure) {
            failure.getMessage().lines().forEach(line -> command.getErr().println("culvert: " + line));
            command.getErr().flush();
            return failure.status();
        }
        if (problem instanceof ParameterException misuse) {
            return misused(misuse, parsed == null ? new String[0] : parsed.originalArgs().toArray(String[]::new));
        }
        command.getErr().println("culvert: " + Errors.line(problem));
        command.getErr().flush();
        return Failure.REFUSED;
    }

    private static int misused(ParameterException problem, String[] arguments) {
        CommandLine command = problem.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("culvert: " + Errors.line(problem));
        if (!CommandLine.UnmatchedArgumentException.printSuggestions(problem, err)) {
            err.println("usage: " + synopsis(command));
        }
        err.flush();
        return Failure.WRONG_USAGE;
    }

    private static String synopsis(CommandLine command) {
        return command.getHelp().synopsis(0).strip().replaceAll("\\s+", " ");
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }
}
