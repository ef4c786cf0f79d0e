package io.culvert.swap.state;

import java.util.Optional;

/**
 * What is to become of one module at the next start.
 *
 * @param current the jar that runs; empty for the one that came with the release
 * @param kept the jar that a rollback goes back to
 * @param standing whether it runs at all
 * @param change id of the change that made it so
 */
public record ModuleEntry(Optional<Jar> current, Optional<Jar> kept, Standing standing, int change) {
    /** Whether a module runs. */
    public enum Standing {
        /** It runs if the settings name it. */
        RUNNING,
        /** An operator stopped it: it is installed and does not run. */
        STOPPED,
        /** An operator removed it: it is not installed, even if it came with the release. */
        REMOVED
    }

    /** A module of which nobody has changed anything. */
    public static final ModuleEntry SHIPPED = new ModuleEntry(Optional.empty(), Optional.empty(), Standing.RUNNING, 0);
}
