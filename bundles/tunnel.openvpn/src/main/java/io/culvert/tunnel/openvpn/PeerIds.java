package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.data.DataHeader;
import java.util.BitSet;

/** The peer-ids of one instance, on all loops. */
final class PeerIds {
    private static final int STEERING_MASK = 0xFF;

    private final BitSet used = new BitSet();

    /** A free peer-id whose low byte steers to loop {@code index} of {@code count}; -1 when there is none. */
    synchronized int take(int index, int count) {
        for (int id = used.nextClearBit(0); id < DataHeader.NO_PEER_ID; id = used.nextClearBit(id + 1)) {
            if ((id & STEERING_MASK) % count == index) {
                used.set(id);
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
