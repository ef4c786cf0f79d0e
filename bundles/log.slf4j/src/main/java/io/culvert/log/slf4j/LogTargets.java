package io.culvert.log.slf4j;

import org.jspecify.annotations.Nullable;

/** Holds the one target. Without one, every {@code isXEnabled} is false and nothing is formatted. */
public final class LogTargets {
    private static volatile @Nullable LogTarget target;

    private LogTargets() {}

    /** Sends log calls to {@code next} from now on; null sends them nowhere. */
    public static synchronized void set(@Nullable LogTarget next) {
        target = next;
    }

    /** Ends {@code last}, unless another has taken its place. */
    public static synchronized void clear(LogTarget last) {
        if (target == last) {
            target = null;
        }
    }

    static @Nullable LogTarget target() {
        return target;
    }
}
