package io.culvert.control.command;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.util.Map;

/** A command that answers with one result. */
record SimpleCommand(String name, Body body) implements Command {
    interface Body {
        Object run(Arguments arguments) throws CommandException, InterruptedException;
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
        return body.run(new Arguments(arguments));
    }
}
