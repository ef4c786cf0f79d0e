package io.culvert.tunnel.openvpn.control;

import io.culvert.tunnel.openvpn.wire.ControlPacket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The reliability layer of one key state, both directions: message-ids from 0, individual acks, retransmission.
 *
 * <ul>
 *   <li>Sending: at most {@link #SEND_WINDOW} ids from the lowest unacknowledged one; again after 2 s, then doubling;
 *       at once when three higher ids were acknowledged.
 *   <li>Receiving: ids in [next, next + {@link #RECEIVE_WINDOW}); others are neither stored nor acknowledged. What came
 *       before is acknowledged again and not delivered.
 * </ul>
 */
public final class Reliable {
    public static final int SEND_WINDOW = 6;
    public static final int RECEIVE_WINDOW = 12;
    /** Acks on a packet that carries something else. */
    public static final int ACKS_PER_CONTROL = 4;

    private static final long FIRST_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long MAX_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(16);
    private static final int FAST_RETRANSMIT_ACKS = 3;

    /** Queues are empty nearly always, and there are three for each session. */
    private static final int IDLE_CAPACITY = 1;

    /** A message that is not acknowledged yet. */
    public static final class Outgoing {
        final int opcode;
        final byte[] payload;
        private final int id;
        private boolean sent;
        private long dueNs;
        private long timeoutNs = FIRST_TIMEOUT_NS;
        private int higherAcks;

        Outgoing(int opcode, int id, byte[] payload) {
            this.opcode = opcode;
            this.id = id;
            this.payload = payload;
        }

        public int opcode() {
            return opcode;
        }

        public int id() {
            return id;
        }

        public byte[] payload() {
            return payload;
        }
    }

    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>(IDLE_CAPACITY);
    private final List<Outgoing> inFlight = new ArrayList<>();
    private int nextId;

    private final ControlPacket @Nullable [] ahead = new ControlPacket[RECEIVE_WINDOW];
    private int expected;
    private final ArrayDeque<Integer> pendingAcks = new ArrayDeque<>(IDLE_CAPACITY);
    private final ArrayDeque<Integer> recentAcks = new ArrayDeque<>(IDLE_CAPACITY);
    private boolean peerHeard;

    public Reliable() {
        this(0, 0);
    }

    /** Goes on behind a start that was made without state: ids before these are done. */
    public Reliable(int nextId, int expected) {
        this.nextId = nextId;
        this.expected = expected;
    }

    /** Queues a message; its id is given now. */
    public void send(int opcode, byte[] payload) {
        waiting.add(new Outgoing(opcode, nextId++, payload));
    }

    /** The next message to put on the wire at {@code nowNs}; null when none is due. Its timer runs from now. */
    public @Nullable Outgoing poll(long nowNs) {
        for (Outgoing message : inFlight) {
            if (message.sent && (message.dueNs <= nowNs || message.higherAcks >= FAST_RETRANSMIT_ACKS)) {
                message.higherAcks = 0;
                message.timeoutNs = Math.min(message.timeoutNs * 2, MAX_TIMEOUT_NS);
                message.dueNs = nowNs + message.timeoutNs;
                return message;
            }
        }
        if (waiting.isEmpty()) {
            return null;
        }
        int lowest = inFlight.isEmpty() ? waiting.peek().id : inFlight.getFirst().id;
        if (waiting.peek().id - lowest >= SEND_WINDOW) {
            return null;
        }
        Outgoing message = waiting.poll();
        inFlight.add(message);
        message.sent = true;
        message.dueNs = nowNs + message.timeoutNs;
        return message;
    }

    /** The peer has these messages. */
    public void onAcks(int[] ids) {
        for (int id : ids) {
            boolean known = inFlight.removeIf(m -> m.id == id);
            if (known) {
                for (Outgoing message : inFlight) {
                    if (message.id < id) {
                        message.higherAcks++;
                    }
                }
            }
        }
    }

    /** The first packet of the peer makes everything due that it may have missed before it was there. */
    public void onPeerHeard() {
        if (!peerHeard) {
            peerHeard = true;
            for (Outgoing message : inFlight) {
                message.dueNs = Long.MIN_VALUE;
                message.timeoutNs = FIRST_TIMEOUT_NS / 2;
            }
        }
    }

    /** A packet with a message-id. False when its id is outside of the window: then it is not acknowledged. */
    public boolean receive(ControlPacket packet) {
        int id = packet.messageId();
        if (id < 0 || id - expected >= RECEIVE_WINDOW) {
            return false;
        }
        acknowledge(id);
        if (id >= expected) {
            ahead[id % RECEIVE_WINDOW] = packet;
        }
        return true;
    }

    private void acknowledge(int id) {
        if (!pendingAcks.contains(id) && pendingAcks.size() < 2 * RECEIVE_WINDOW) {
            pendingAcks.add(id);
        }
    }

    /** Whether anything came behind the peer's first message. */
    public boolean heardMore() {
        if (expected > 1) {
            return true;
        }
        for (int i = 1; i < RECEIVE_WINDOW; i++) {
            if (ahead[i] != null) {
                return true;
            }
        }
        return false;
    }

    /** Whether the peer has said nothing that has a message-id. */
    public boolean heardNothing() {
        return expected == 0 && ahead[0] == null && !heardMore();
    }

    /** The peer's first message, which is empty, came before the time of this object. Of no effect once it has come. */
    public void skipFirst() {
        if (expected == 0 && ahead[0] == null) {
            expected = 1;
        }
    }

    /** The next packet in order; null when it has not come yet. */
    public @Nullable ControlPacket deliver() {
        ControlPacket next = ahead[expected % RECEIVE_WINDOW];
        if (next == null || next.messageId() != expected) {
            return null;
        }
        ahead[expected % RECEIVE_WINDOW] = null;
        expected++;
        return next;
    }

    public boolean hasPendingAcks() {
        return !pendingAcks.isEmpty();
    }

    /** Acks for the next packet: those that are due, then recent ones again, most recent first. */
    public int[] takeAcks(int most) {
        var acks = new ArrayList<Integer>(most);
        while (acks.size() < most && !pendingAcks.isEmpty()) {
            acks.add(pendingAcks.poll());
        }
        for (Integer recent : recentAcks) {
            if (acks.size() < most && !acks.contains(recent)) {
                acks.add(recent);
            }
        }
        for (int i = acks.size() - 1; i >= 0; i--) {
            Integer id = acks.get(i);
            recentAcks.remove(id);
            recentAcks.addFirst(id);
        }
        while (recentAcks.size() > ControlPacket.MAX_ACKS) {
            recentAcks.removeLast();
        }
        return acks.stream().mapToInt(Integer::intValue).toArray();
    }

    /** When {@link #poll} next has something that it does not have now; {@link Long#MAX_VALUE} for never. */
    public long nextTimeoutNs() {
        long next = Long.MAX_VALUE;
        for (Outgoing message : inFlight) {
            next = Math.min(next, message.dueNs);
        }
        return next;
    }

    /** Whether the peer has acknowledged everything. */
    public boolean allAcknowledged() {
        return inFlight.isEmpty() && waiting.isEmpty();
    }

    /** Messages that wait for room in the window. */
    public int queued() {
        return waiting.size();
    }
}
