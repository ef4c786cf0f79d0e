package io.culvert.docs;

import java.lang.reflect.Method;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;

/** Every command with its arguments and options, as the command line itself describes them. */
final class CommandPage {
    private static final String LAUNCHER = "io.culvert.launcher.Main";

    private CommandPage() {}

    static String text() {
        var page = new StringBuilder("""
                # Commands

                `culvert` runs the appliance and talks to a running one. Every reading command takes `--json`. What follows is what
                `culvert COMMAND --help` says.

                """);
        add(page, launcher().getCommandSpec());
        return page.toString();
    }

    /** Nobody but this page and the launcher needs it, so it is not public there. */
    private static CommandLine launcher() {
        try {
            Method commandLine = Class.forName(LAUNCHER).getDeclaredMethod("commandLine");
            commandLine.setAccessible(true);
            return (CommandLine) commandLine.invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the launcher's commands cannot be read", e);
        }
    }

    private static void add(StringBuilder page, CommandSpec command) {
        String name = command.qualifiedName(" ");
        page.append("## ").append(name).append("\n\n```\n")
                .append(new CommandLine(command).setUsageHelpWidth(100).getUsageMessage(Help.Ansi.OFF).stripTrailing())
                .append("\n```\n\n");
        command.subcommands().values().stream().distinct()
                .map(CommandLine::getCommandSpec)
                .filter(each -> !each.usageMessage().hidden())
                .forEach(each -> add(page, each));
    }
}
