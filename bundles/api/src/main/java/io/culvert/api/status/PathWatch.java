package io.culvert.api.status;

import org.osgi.annotation.versioning.ProviderType;

/** Shows the packet path to whoever watches a swap. Implemented by core; called by any thread, never blocks a loop. */
@ProviderType
public interface PathWatch {
    /** The path as it is; costs the packet loops nothing. */
    PathStatus path();

    /** Begins {@link PathStatus#longestPauseNs} anew; returns what it was. */
    long resetPause();
}
