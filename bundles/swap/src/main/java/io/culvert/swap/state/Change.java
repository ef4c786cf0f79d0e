package io.culvert.swap.state;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A change of one module, from its first plan to its end.
 *
 * @param id counts from 1
 * @param target the file or the version that was asked for; for people
 * @param jar what is to run; empty for a stop or a removal
 * @param from the version before; empty for an installation
 * @param watchSeconds for how long the new version is watched; 0 for not at all
 * @param note why, in the operator's words; may be empty
 * @param planHash of the state that the plan saw
 * @param steps what was done, oldest first
 */
public record Change(
        int id,
        Kind kind,
        String module,
        String target,
        Optional<Jar> jar,
        String from,
        Strategy strategy,
        int watchSeconds,
        String note,
        String planHash,
        ChangeState state,
        Instant created,
        Instant updated,
        List<Step> steps) {
    /** What is to be done. */
    public enum Kind {
        INSTALL,
        UPDATE,
        START,
        STOP,
        REMOVE,
        ROLLBACK;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether another jar runs afterwards. */
        public boolean bringsJar() {
            return this == INSTALL || this == UPDATE || this == ROLLBACK;
        }
    }

    /** How one version takes over from the other. */
    public enum Strategy {
        /** Both run for a moment: the old one leaves when the new one has proven itself. */
        SIDE_BY_SIDE,
        /** The old one leaves first. */
        REPLACE;

        public String word() {
            return this == REPLACE ? "replace" : "side by side";
        }
    }

    /** Something that was done or found. */
    public record Step(Instant time, String line) {}

    public Change {
        steps = List.copyOf(steps);
    }

    /** {@code update of tls.jsse from 0.1.0 to 0.1.1}. */
    public String title() {
        return kind.word() + " of " + module
                + (from.isEmpty() || !kind.bringsJar() ? "" : " from " + from)
                + jar.map(each -> " to " + each.version()).orElse("");
    }

    public Change at(ChangeState next, Instant now) {
        return new Change(
                id, kind, module, target, jar, from, strategy, watchSeconds, note, planHash, next, created, now, steps);
    }

    public Change with(String line, Instant now) {
        var more = new ArrayList<>(steps);
        more.add(new Step(now, line));
        return new Change(
                id, kind, module, target, jar, from, strategy, watchSeconds, note, planHash, state, created, now, more);
    }
}
