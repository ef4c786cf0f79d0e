package io.culvert.core.bus;

/**
 * Adaptive batching. Where packets come close together, a short pause before the next look lets more of them gather, so
 * that fewer system calls carry the same traffic; where they come one by one, none is made and none waits.
 *
 * <p>Only what comes from links gains by it: there each wake-up of the loop costs system calls of ours for as few
 * datagrams as the sender's burst had, while what the kernel routes into the TUN is gathered by TCP itself. So no pause
 * is made while most packets go the other way.
 *
 * <p>The keepalives of many idle sessions come close together as well, and nobody waits for them: a loop that hears
 * nothing else, and hears it often, looks only every few milliseconds. The first packet of a user ends that. Where
 * keepalives wait at a socket of their own, as most do over UDP, the loop does not hear them often.
 */
final class Pacing {
    /** Over which the rate is looked at. */
    private static final long WINDOW_NS = 1_000_000;

    /** Packets from links in a window that make the loop hot. */
    private static final int HOT = 15;

    /** As many packets from links in a round as are worth waiting for. */
    private static final int ENOUGH = 96;

    /** The longest pause: a round trip through the tunnel may grow by that under load. */
    private static final long LONGEST_NS = 250_000;

    /** Over which a loop must have carried nothing of a user before it naps. */
    private static final long QUIET_NS = 50_000_000;

    /** Rounds with keepalives alone in that time that are worth a nap: 300 a second. */
    private static final int QUIET_ROUNDS = 15;

    /** How long keepalives gather. */
    private static final long NAP_NS = 8_000_000;

    private final long longestNs;
    private int fromLinks;
    private int fromTun;
    private int carried;
    private int quietRounds;
    private long quietSinceNs;
    private boolean quiet;
    private int windowFromLinks;
    private int windowFromTun;
    private int roundFromLinks;
    private long windowBeganNs;
    private long gatherNs;

    Pacing() {
        this(LONGEST_NS);
    }

    /** @param longestNs the longest pause; 0 for none ever */
    Pacing(long longestNs) {
        this.longestNs = longestNs;
    }

    /** A datagram was read from a link. */
    void fromLink() {
        fromLinks++;
    }

    /** A packet was read from the TUN. */
    void fromTun() {
        fromTun++;
    }

    /** A packet of a user went on its way, or somebody else's work came to an end: this round was for more than keepalives. */
    void carried() {
        carried++;
    }

    void roundEnded(long nowNs) {
        look(nowNs);
        windowFromLinks += fromLinks;
        windowFromTun += fromTun;
        roundFromLinks = fromLinks;
        fromLinks = 0;
        fromTun = 0;
        long passedNs = nowNs - windowBeganNs;
        if (passedNs >= WINDOW_NS) {
            boolean hot = windowFromLinks * WINDOW_NS >= HOT * passedNs && windowFromLinks > windowFromTun;
            gatherNs = hot ? Math.min(longestNs, ENOUGH * passedNs / windowFromLinks) : 0;
            windowFromLinks = 0;
            windowFromTun = 0;
            windowBeganNs = nowNs;
        }
    }

    private void look(long nowNs) {
        if (carried > 0 || fromTun > 0) {
            carried = 0;
            quiet = false;
            quietRounds = 0;
            quietSinceNs = nowNs;
            return;
        }
        if (fromLinks > 0) {
            quietRounds++;
        }
        if (nowNs - quietSinceNs >= QUIET_NS) {
            // While napping, there are fewer rounds than there were.
            quiet = quietRounds >= (quiet ? 2 : QUIET_ROUNDS);
            quietRounds = 0;
            quietSinceNs = nowNs;
        }
    }

    /** How long to wait before the next look; 0 when the loop is neither hot nor quiet, or packets gather by themselves. */
    long pauseNs() {
        if (quiet) {
            return NAP_NS;
        }
        return roundFromLinks < ENOUGH ? gatherNs : 0;
    }
}
