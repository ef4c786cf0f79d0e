package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.data.DataHeader;
import java.util.BitSet;

/** The peer-ids of one instance, on all loops. */
final class PeerIds {
    private final BitSet used = new BitSet();

    /** A free peer-id that steers to loop {@code index} of {@code count}; -1 when there is none. */
    synchronized int take(int index, int count) {
        for (int id = index; id < DataHeader.NO_PEER_ID; id += count) {
            if (!used.get(id)) {
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
