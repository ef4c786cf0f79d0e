package io.culvert.web.rest;

import io.culvert.api.command.Command;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The commands that can be given now. */
final class CommandList {
    private final List<Command> commands = new CopyOnWriteArrayList<>();

    void add(Command command) {
        commands.addFirst(command);
    }

    void remove(Command command) {
        commands.remove(command);
    }

    /** While a module is exchanged both versions answer: the newest comes first. */
    Optional<Command> find(String name) {
        return commands.stream().filter(command -> command.name().equals(name)).findFirst();
    }
}
