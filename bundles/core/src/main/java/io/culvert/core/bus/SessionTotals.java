package io.culvert.core.bus;

import java.time.Instant;

/** What is counted over a session's life, hand-overs within this process included. */
final class SessionTotals {
    final Instant since;
    long packetsIn;
    long bytesIn;
    long packetsOut;
    long bytesOut;

    SessionTotals(Instant since) {
        this.since = since;
    }
}
