package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.data.DataHeader;
import java.util.BitSet;

/** The peer-ids of one instance, on all loops. */
final class PeerIds {
    private static final int STEERING_MASK = 0xFF;

    private final BitSet used = new BitSet();
    private int next;

    /**
     * @param first where to begin: two versions of the protocol that serve an instance side by side for a moment do not
     *     give the same peer-ids to different clients when each begins somewhere
     */
    PeerIds(int first) {
        this.next = first;
    }

    /**
     * A free peer-id whose low byte steers to loop {@code index} of {@code count}; -1 when there is none. One that was
     * given back is not soon given again.
     */
    synchronized int take(int index, int count) {
        int id = from(next, DataHeader.NO_PEER_ID, index, count);
        if (id < 0) {
            id = from(0, next, index, count);
        }
        if (id >= 0) {
            used.set(id);
            next = id + 1;
        }
        return id;
    }

    private int from(int first, int end, int index, int count) {
        for (int id = used.nextClearBit(first); id < end; id = used.nextClearBit(id + 1)) {
            if ((id & STEERING_MASK) % count == index) {
                return id;
            }
        }
        return -1;
    }

    /** Takes back the peer-id of a thawed session; false when another session has it. */
    synchronized boolean restore(int id) {
        if (id < 0 || id >= DataHeader.NO_PEER_ID || used.get(id)) {
            return false;
        }
        used.set(id);
        return true;
    }

    synchronized void release(int id) {
        used.clear(id);
    }
}
