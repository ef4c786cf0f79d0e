package io.culvert.launcher;

/** The end of a command: its exit status, and one clear line for a person. */
final class Failure extends RuntimeException {
    /** Refused or failed. */
    static final int REFUSED = 1;

    static final int WRONG_USAGE = 2;
    static final int NOT_RUNNING = 3;

    private static final long serialVersionUID = 1;

    private final int status;

    Failure(int status, String line) {
        super(line);
        this.status = status;
    }

    Failure(String line) {
        this(REFUSED, line);
    }

    int status() {
        return status;
    }
}
