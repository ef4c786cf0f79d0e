package io.culvert.control.command;

import io.culvert.api.command.CommandException;
import java.util.Map;
import java.util.Optional;

/** Typed access to a request's arguments. */
record Arguments(Map<String, Object> values) {
    String text(String name) throws CommandException {
        return optional(name).orElseThrow(() -> new CommandException("the argument '" + name + "' is missing"));
    }

    /** Empty when it is absent or empty. */
    Optional<String> optional(String name) throws CommandException {
        Object value = values.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            return Optional.of(value.toString()).filter(text -> !text.isEmpty());
        }
        throw new CommandException("the argument '" + name + "' must be text");
    }

    boolean flag(String name) throws CommandException {
        Object value = values.getOrDefault(name, false);
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new CommandException("the argument '" + name + "' must be true or false");
    }

    int number(String name) throws CommandException {
        try {
            return Integer.parseInt(text(name));
        } catch (NumberFormatException e) {
            throw new CommandException("the argument '" + name + "' must be a whole number");
        }
    }
}
