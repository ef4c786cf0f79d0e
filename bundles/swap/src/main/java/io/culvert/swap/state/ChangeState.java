package io.culvert.swap.state;

import java.util.Map;
import java.util.function.Function;

/**
 * Where a change stands.
 *
 * <pre>
 * draft → planned → approved → staging → switching → watching → kept
 *             │         │          │          └──────────┴→ rolling-back → rolled-back
 *             └─────────┴ cancelled└→ failed (nothing moved)        └→ failed-needs-hand
 * </pre>
 */
public sealed interface ChangeState {
    /** As it is written and shown: {@code rolled-back}. */
    String word();

    /** Why, in one line; may be empty. */
    default String reason() {
        return "";
    }

    /** Whether nothing more comes of the change. */
    default boolean over() {
        return false;
    }

    /** Begun, not yet looked into. */
    record Draft() implements ChangeState {
        @Override
        public String word() {
            return "draft";
        }
    }

    /** Looked into; waits for somebody's word. */
    record Planned() implements ChangeState {
        @Override
        public String word() {
            return "planned";
        }
    }

    /** Somebody gave the word. */
    record Approved() implements ChangeState {
        @Override
        public String word() {
            return "approved";
        }
    }

    /** The new version is being installed beside the old one and tested; nobody uses it yet. */
    record Staging() implements ChangeState {
        @Override
        public String word() {
            return "staging";
        }
    }

    /** The old version leaves. */
    record Switching() implements ChangeState {
        @Override
        public String word() {
            return "switching";
        }
    }

    /** The new version is at work and watched; a restart still brings the old one back. */
    record Watching() implements ChangeState {
        @Override
        public String word() {
            return "watching";
        }
    }

    /** Done: it holds over restarts. */
    record Kept(String reason) implements ChangeState {
        @Override
        public String word() {
            return "kept";
        }

        @Override
        public boolean over() {
            return true;
        }
    }

    /** The old version is being brought back. */
    record RollingBack(String reason) implements ChangeState {
        @Override
        public String word() {
            return "rolling-back";
        }
    }

    /** The old version is at work again. */
    record RolledBack(String reason) implements ChangeState {
        @Override
        public String word() {
            return "rolled-back";
        }

        @Override
        public boolean over() {
            return true;
        }
    }

    /** Nothing has moved: the old version was at work all the time. */
    record Failed(String reason) implements ChangeState {
        @Override
        public String word() {
            return "failed";
        }

        @Override
        public boolean over() {
            return true;
        }
    }

    /** Neither version could be brought to work. */
    record FailedNeedsHand(String reason) implements ChangeState {
        @Override
        public String word() {
            return "failed-needs-hand";
        }

        @Override
        public boolean over() {
            return true;
        }
    }

    /** Called off before anything was begun. */
    record Cancelled(String reason) implements ChangeState {
        @Override
        public String word() {
            return "cancelled";
        }

        @Override
        public boolean over() {
            return true;
        }
    }

    /** The state that was written as {@code word}. */
    static ChangeState of(String word, String reason) {
        Function<String, ChangeState> state = Words.STATES.get(word);
        if (state == null) {
            throw new IllegalArgumentException("no state of a change: " + word);
        }
        return state.apply(reason);
    }

    /** By word. */
    final class Words {
        private static final Map<String, Function<String, ChangeState>> STATES = Map.ofEntries(
                Map.entry("draft", _ -> new Draft()),
                Map.entry("planned", _ -> new Planned()),
                Map.entry("approved", _ -> new Approved()),
                Map.entry("staging", _ -> new Staging()),
                Map.entry("switching", _ -> new Switching()),
                Map.entry("watching", _ -> new Watching()),
                Map.entry("kept", Kept::new),
                Map.entry("rolling-back", RollingBack::new),
                Map.entry("rolled-back", RolledBack::new),
                Map.entry("failed", Failed::new),
                Map.entry("failed-needs-hand", FailedNeedsHand::new),
                Map.entry("cancelled", Cancelled::new));

        private Words() {}
    }
}
