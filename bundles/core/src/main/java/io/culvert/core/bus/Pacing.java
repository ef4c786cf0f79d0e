package io.culvert.core.bus;

/**
 * Adaptive batching. Where packets come close together, a short pause before the next look lets more of them gather, so
 * that fewer system calls carry the same traffic; where they come one by one, none is made and none waits.
 *
 * <p>Only what comes from links gains by it: there each wake-up of the loop costs system calls of ours for as few
 * datagrams as the sender's burst had, while what the kernel routes into the TUN is gathered by TCP itself. So no pause
 * is made while most packets go the other way.
 */
final class Pacing {
    /** Over which the rate is looked at. */
    private static final long WINDOW_NS = 1_000_000;

    /** Packets from links in a window that make the loop hot. */
    private static final int HOT = 15;

    /** As many packets from links in a round as are worth waiting for. */
    private static final int ENOUGH = 48;

    /** The longest pause: a round trip through the tunnel may grow by that under load. */
    private static final long LONGEST_NS = 250_000;

    private final long longestNs;
    private int fromLinks;
    private int fromTun;
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

    void roundEnded(long nowNs) {
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

    /** How long to wait before the next look; 0 when the loop is not hot, or packets gather by themselves. */
    long pauseNs() {
        return roundFromLinks < ENOUGH ? gatherNs : 0;
    }
}
