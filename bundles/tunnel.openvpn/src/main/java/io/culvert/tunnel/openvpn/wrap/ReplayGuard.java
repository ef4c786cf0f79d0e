package io.culvert.tunnel.openvpn.wrap;

import io.culvert.wire.ReplayWindow;

/**
 * Takes each replay id of a wrapped packet once: a later time restarts the window, an earlier one is refused.
 */
public final class ReplayGuard {
    private long time;
    private ReplayWindow window = new ReplayWindow();

    /** Accepts any first packet. */
    public ReplayGuard() {
        this(0, 0);
    }

    /** Goes on behind what another guard has seen. */
    public ReplayGuard(long time, long highestId) {
        this.time = time;
        this.window = new ReplayWindow(highestId);
    }

    /** True, and remembered, when the packet is new. Ask after authentication. */
    public boolean accept(int replayId, int replayTime) {
        long packetTime = replayTime & 0xFFFF_FFFFL;
        long id = replayId & 0xFFFF_FFFFL;
        if (packetTime < time) {
            return false;
        }
        if (packetTime > time) {
            if (id == 0) {
                return false;
            }
            time = packetTime;
            window = new ReplayWindow();
        }
        return window.accept(id);
    }

    public long time() {
        return time;
    }

    public long highestId() {
        return window.highest();
    }
}
