package io.culvert.core.bus;

/**
 * Adaptive batching. Where packets come close together, a short pause before the next look lets more of them gather, so
 * that fewer system calls carry the same traffic; where they come one by one, none is made and none waits.
 *
 * <p>Only what comes from links gains by it: there each wake-up of the loop costs a system call of the sender's and of
 * ours for few datagrams, while what the kernel routes into the TUN is gathered by TCP itself.
 */
final class Pacing {
    /** How long packets may gather. A round trip through the tunnel grows by that under load, and not at idle. */
    private static final long PAUSE_NS = 50_000;

    /** Over which the rate is looked at. */
    private static final long WINDOW_NS = 1_000_000;

    /** Packets from links in a window that make the loop hot. */
    private static final int HOT = 15;

    /** Packets from links in one round that show that they gather by themselves. */
    private static final int ENOUGH = 40;

    private int fromLinks;
    private int fromTun;
    private int inWindow;
    private int roundFromLinks;
    private int roundFromTun;
    private long windowEndNs;
    private boolean hot;

    /** A datagram was read from a link. */
    void fromLink() {
        fromLinks++;
    }

    /** A packet was read from the TUN. */
    void fromTun() {
        fromTun++;
    }

    void roundEnded(long nowNs) {
        inWindow += fromLinks;
        if (nowNs >= windowEndNs) {
            // Several windows without a round in them were quiet.
            hot = inWindow >= HOT && nowNs - windowEndNs < WINDOW_NS;
            inWindow = 0;
            windowEndNs = nowNs + WINDOW_NS;
        }
        roundFromLinks = fromLinks;
        roundFromTun = fromTun;
        fromLinks = 0;
        fromTun = 0;
    }

    /** How long to wait before the next look; 0 when the loop is not hot, or packets gather by themselves. */
    long pauseNs() {
        return hot && roundFromLinks > 0 && roundFromLinks < ENOUGH && roundFromLinks >= roundFromTun ? PAUSE_NS : 0;
    }
}
