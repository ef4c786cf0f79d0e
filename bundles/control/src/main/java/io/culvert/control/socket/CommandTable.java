package io.culvert.control.socket;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that can be given now; asked anew for each request, because bundles come and go. */
public final class CommandTable {
    private static final Logger LOG = LoggerFactory.getLogger(CommandTable.class);

    private final Supplier<List<Command>> commands;

    public CommandTable(Supplier<List<Command>> commands) {
        this.commands = commands;
    }

    Object run(String name, Map<String, Object> arguments, Command.Reply reply)
            throws CommandException, InterruptedException {
        List<Command> present = commands.get();
        Command command = present.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new CommandException("nobody answers '" + name
                        + "': its module is not running; see: culvert module list"));
        try {
            return command.run(arguments, reply);
        } catch (RuntimeException | LinkageError e) {
            LOG.error("control command={}: failed by a fault of its own", name, e);
            throw new CommandException(
                    "'" + name + "' failed by a fault of its own (" + e.getClass().getSimpleName()
                            + "); the log has the details", e);
        }
    }
}
