package io.culvert.swap.engine;

import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an operator says about a change beyond what is to be done.
 *
 * @param strategy empty for the module's own
 * @param watchSeconds empty for the default of the kind of change; 0 for no watch
 * @param note why; may be empty
 * @param planHash of the plan that was shown; empty to take the plan as it comes
 * @param limits of the watch
 */
public record Options(
        Optional<Strategy> strategy, OptionalInt watchSeconds, String note, String planHash, Limits limits) {
    private static final int WATCH_SECONDS = 30;
    private static final int MOST_WATCH_SECONDS = 86_400;

    public Options {
        if (watchSeconds.isPresent() && (watchSeconds.getAsInt() < 0 || watchSeconds.getAsInt() > MOST_WATCH_SECONDS)) {
            throw new IllegalArgumentException("a watch lasts 0 to " + MOST_WATCH_SECONDS + " seconds");
        }
    }

    public static Options none() {
        return new Options(Optional.empty(), OptionalInt.empty(), "", "", Limits.DEFAULT);
    }

    /** What was proven before, and what an operator wants gone, is not watched unless asked for. */
    public int watchSeconds(Kind kind) {
        return watchSeconds.orElse(
                switch (kind) {
                    case INSTALL, UPDATE -> WATCH_SECONDS;
                    case START, STOP, REMOVE, ROLLBACK -> 0;
                });
    }
}
