package io.culvert.web.rest.resource;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.web.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Runs the commands that the modules answer, as the command line does. */
public final class Commands {
    private final Function<String, Optional<Command>> find;

    /** @param find the command of a name, as of now */
    public Commands(Function<String, Optional<Command>> find) {
        this.find = find;
    }

    boolean has(String name) {
        return find.apply(name).isPresent();
    }

    /**
     * @throws Problem 503 when nobody answers it, 422 with the command's own words when it is refused
     */
    Object run(String name, Map<String, Object> arguments) throws Problem, InterruptedException {
        Command command = find.apply(name)
                .orElseThrow(() -> Problem.unavailable("No running module answers '" + name + "'; see the modules."));
        try {
            return command.run(arguments, _ -> true);
        } catch (CommandException e) {
            throw Problem.refused(e.getMessage());
        }
    }

    Row row(String name, Map<String, Object> arguments) throws Problem, InterruptedException {
        return Row.of(run(name, arguments));
    }

    List<Row> rows(String name, Map<String, Object> arguments) throws Problem, InterruptedException {
        return Row.all(run(name, arguments));
    }

    /** As {@link #rows}; nothing when nobody answers it or it fails. */
    List<Row> rowsOrNone(String name, Map<String, Object> arguments) throws InterruptedException {
        try {
            return has(name) ? rows(name, arguments) : List.of();
        } catch (Problem e) {
            return List.of();
        }
    }
}
