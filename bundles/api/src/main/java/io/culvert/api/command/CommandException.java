package io.culvert.api.command;

/** A command that is refused or failed: one clear line that names the thing and the remedy, and holds no secret. */
public final class CommandException extends Exception {
    public CommandException(String message) {
        super(message);
    }

    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
