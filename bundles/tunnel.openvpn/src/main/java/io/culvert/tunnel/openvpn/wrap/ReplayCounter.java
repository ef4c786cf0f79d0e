package io.culvert.tunnel.openvpn.wrap;

/** Hands out replay ids: an id from 1 up, under a time that stays until the id wraps. */
public final class ReplayCounter {
    private long time;
    private long id;

    /**
     * @param timeSeconds unix time, later than that of any counter that used the same key before
     * @param used ids that were handed out already
     */
    public ReplayCounter(long timeSeconds, long used) {
        this.time = timeSeconds;
        this.id = used;
    }

    /** The next id in the high half, the time in the low half. */
    public long next() {
        if (id == 0xFFFF_FFFFL) {
            id = 0;
            time++;
        }
        id++;
        return id << 32 | time & 0xFFFF_FFFFL;
    }

    public long time() {
        return time;
    }
}
