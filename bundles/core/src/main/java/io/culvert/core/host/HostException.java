package io.culvert.core.host;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The host does not give what the appliance needs; the message says what, and the remedy. */
public final class HostException extends IOException {
    private final String problem;
    private final String remedy;

    /**
     * @param problem what is wrong, naming the thing
     * @param remedy what the operator does about it
     */
    public HostException(String problem, String remedy, @Nullable Throwable cause) {
        super(problem + ": " + remedy, cause);
        this.problem = problem;
        this.remedy = remedy;
    }

    public HostException(String problem, String remedy) {
        this(problem, remedy, null);
    }

    public String problem() {
        return problem;
    }

    public String remedy() {
        return remedy;
    }
}
