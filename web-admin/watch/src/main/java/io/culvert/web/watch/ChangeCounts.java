package io.culvert.web.watch;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the changes of modules that end, from the list that {@code module changes} shows. */
final class ChangeCounts {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeCounts.class);
    private static final Set<String> OVER = Set.of("kept", "rolled-back", "failed", "failed-needs-hand", "cancelled");
    private static final String LOOKED_AT = "100";

    private final Supplier<Optional<Command>> changes;
    private final Set<String> seen = new HashSet<>();
    private final Map<Outcome, Long> counts = new TreeMap<>();
    private boolean begun;

    ChangeCounts(Supplier<Optional<Command>> changes) {
        this.changes = changes;
        for (String kind : List.of("install", "update", "start", "stop", "remove", "rollback")) {
            for (String outcome : List.of("kept", "rolled-back", "failed")) {
                counts.put(new Outcome(kind, outcome), 0L);
            }
        }
    }

    /**
     * How changes end.
     *
     * @param kind {@code update}
     * @param outcome {@code kept}, {@code rolled-back}, {@code failed}, {@code failed-needs-hand}, {@code cancelled}
     */
    record Outcome(String kind, String outcome) implements Comparable<Outcome> {
        @Override
        public int compareTo(Outcome other) {
            int by = kind.compareTo(other.kind);
            return by != 0 ? by : outcome.compareTo(other.outcome);
        }
    }

    /** Those that ended since the first call; what is older counts nowhere. */
    synchronized Map<Outcome, Long> read() {
        for (Object each : list()) {
            if (each instanceof Map<?, ?> change && OVER.contains(String.valueOf(change.get("state")))
                    && seen.add(String.valueOf(change.get("id"))) && begun) {
                counts.merge(
                        new Outcome(String.valueOf(change.get("kind")), String.valueOf(change.get("state"))), 1L, Long::sum);
            }
        }
        begun = true;
        return Map.copyOf(counts);
    }

    private List<?> list() {
        try {
            Optional<Command> command = changes.get();
            return command.isPresent() && command.get().run(Map.of("last", LOOKED_AT), part -> true) instanceof List<?> list
                    ? list
                    : List.of();
        } catch (CommandException e) {
            LOG.debug("web.watch: the changes cannot be listed", e);
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }
}
