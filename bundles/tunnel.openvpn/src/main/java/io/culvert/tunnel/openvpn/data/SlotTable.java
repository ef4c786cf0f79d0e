package io.culvert.tunnel.openvpn.data;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The session's data keys: the current one, and the one before it as long as packets under it may come.
 *
 * <p>Sending: the newest key once the peer is known to have it, at the latest when its deferral has passed; until then
 * the one before. Receiving: whichever the packet names.
 */
public final class SlotTable {
    /** How far a packet of the newer twin may be ahead of the last one. */
    private static final long TWIN_AHEAD = 1024;

    private @Nullable KeySlot current;
    private @Nullable KeySlot previous;
    private long sendCurrentFromNs;
    private long previousEndsNs = Long.MAX_VALUE;

    /** Whether both have one key-id, as the peer began anew with 0 while it used another 0. */
    private boolean twins;

    /** Whether a packet was taken for the wrong one's. */
    private boolean doubted;

    /** The first key: used at once. */
    public void installFirst(KeySlot slot) {
        current = slot;
        sendCurrentFromNs = Long.MIN_VALUE;
    }

    /**
     * A renegotiated key.
     *
     * @param sendFromNs when its deferral has passed, if the peer does not show earlier that it has the key
     * @param previousEndsNs when the key before it is forgotten
     */
    public void install(KeySlot slot, long sendFromNs, long previousEndsNs) {
        if (previous != null) {
            // The peer keeps two keys as well: what came before them is gone there too.
            previous.close();
        }
        this.previous = current;
        this.current = slot;
        this.sendCurrentFromNs = previous == null ? Long.MIN_VALUE : sendFromNs;
        this.previousEndsNs = previous == null ? Long.MAX_VALUE : previousEndsNs;
        look();
    }

    private void look() {
        twins = current != null && previous != null && current.keyId() == previous.keyId();
        doubted = false;
    }

    /** The peer has shown that it has the current key: the deferral is over. */
    public void peerHasCurrent() {
        sendCurrentFromNs = Long.MIN_VALUE;
    }

    /** Puts both back as they were in a record. */
    public void restore(KeySlot current, @Nullable KeySlot previous, long sendCurrentFromNs, long previousEndsNs) {
        this.current = current;
        this.previous = previous;
        look();
        // A peer that has both opens with the newer one alone.
        this.sendCurrentFromNs = previous == null || twins ? Long.MIN_VALUE : sendCurrentFromNs;
        this.previousEndsNs = previous == null ? Long.MAX_VALUE : previousEndsNs;
    }

    /** The key that a packet names; null when the session does not have it. */
    public @Nullable KeySlot receiving(int keyId) {
        KeySlot c = current;
        if (c != null && c.keyId() == keyId) {
            return c;
        }
        KeySlot p = previous;
        return p != null && p.keyId() == keyId ? p : null;
    }

    /** Whether the packet-id has to tell which key a packet is under, as both have one key-id. */
    public boolean twins() {
        return twins;
    }

    /**
     * Of two with one key-id: the newer one for what is behind its packet-ids, once the peer has used it. Before, the
     * older one for what is behind that one's packet-ids.
     */
    public @Nullable KeySlot receivingTwin(long packetId) {
        KeySlot c = current;
        KeySlot p = previous;
        if (c == null || p == null) {
            return c;
        }
        if (c.highestReceived() > 0) {
            return packetId <= c.highestReceived() + TWIN_AHEAD ? c : p;
        }
        return packetId > p.highestReceived() != doubted ? p : c;
    }

    /** A packet under {@link #receivingTwin} is not authentic: before the newer one is used, it may be the other's. */
    public void doubt() {
        doubted = !doubted;
    }

    /** The key to seal with now; null when no packet-id is reserved under any. */
    public @Nullable KeySlot sending(long nowNs) {
        KeySlot c = current;
        KeySlot p = previous;
        if (c == null) {
            return null;
        }
        if (p != null && p.canSeal() && (nowNs < sendCurrentFromNs || !c.canSeal())) {
            return p;
        }
        return c.canSeal() ? c : null;
    }

    public @Nullable KeySlot current() {
        return current;
    }

    public @Nullable KeySlot previous() {
        return previous;
    }

    public long sendCurrentFromNs() {
        return sendCurrentFromNs;
    }

    public long previousEndsNs() {
        return previousEndsNs;
    }

    /** Forgets the previous key when its time is over. */
    public void expire(long nowNs) {
        if (previous != null && nowNs >= previousEndsNs) {
            previous.close();
            previous = null;
            previousEndsNs = Long.MAX_VALUE;
            sendCurrentFromNs = Long.MIN_VALUE;
            look();
        }
    }

    /** The live keys, newest first. */
    public List<KeySlot> all() {
        var all = new ArrayList<KeySlot>(2);
        if (current != null) {
            all.add(current);
        }
        if (previous != null) {
            all.add(previous);
        }
        return all;
    }

    public void close() {
        all().forEach(KeySlot::close);
        current = null;
        previous = null;
        twins = false;
    }
}
