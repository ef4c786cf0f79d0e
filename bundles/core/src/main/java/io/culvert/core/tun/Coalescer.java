package io.culvert.core.tun;

import static io.culvert.core.tun.TransportPacket.ACK;
import static io.culvert.core.tun.TransportPacket.DATA_OFFSET;
import static io.culvert.core.tun.TransportPacket.PSH;
import static io.culvert.core.tun.TransportPacket.TCP;
import static io.culvert.core.tun.TransportPacket.U16;
import static io.culvert.core.tun.TransportPacket.UDP_CHECKSUM;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.core.buffer.PooledBuffer;

/**
 * Puts packets of the same flow together, several flows at a time, until the batch ends. The packets of a flow leave
 * in the order in which they came; those of different flows may overtake each other.
 *
 * <p>Of pure acknowledgements that follow each other only the newest leaves, where it says all that the others said:
 * what arrives at the same moment acknowledges no more in ten packets than in one, and each costs the kernel's TCP as
 * much as a whole super-packet (RFC 3449 section 5.2.1 calls it ACK filtering).
 */
final class Coalescer {
    /** Flows at a time; one more, and the one that waits longest goes. */
    static final int FLOWS = 8;

    private static final int RESERVED = 0x0F;

    private final Sink sink;
    private final boolean tcp;
    private final boolean udp;
    private final TransportPacket header = new TransportPacket();

    /** The oldest first; those from {@link #open} on are unused. */
    private final Run[] runs = new Run[FLOWS];

    private int open;
    private long thinned;

    /** Where packets go on to, one after the other; each call releases what it was given. */
    interface Sink {
        void writeOne(PooledBuffer packet);

        /** {@code run} has two packets or more, and is not sealed. */
        void writeRun(Run run);
    }

    /**
     * @param tcp whether TCP segments may be joined
     * @param udp whether UDP datagrams may be joined
     */
    Coalescer(Sink sink, boolean tcp, boolean udp) {
        this.sink = sink;
        this.tcp = tcp;
        this.udp = udp;
        for (int i = 0; i < FLOWS; i++) {
            runs[i] = new Run();
        }
    }

    /** Takes the packet; it leaves now, or at the latest with {@link #flush}. */
    void add(PooledBuffer packet) {
        switch (header.look(packet.segment(), packet.offset(), packet.length())) {
            case TRANSPORT -> addTransport(packet);
            case OTHER -> sink.writeOne(packet);
            case UNCLEAR -> addUnclear(packet);
        }
    }

    private void addUnclear(PooledBuffer packet) {
        // A fragment may belong to any flow.
        flush();
        sink.writeOne(packet);
    }

    private void addTransport(PooledBuffer packet) {
        if (!(header.protocol() == TCP ? tcp : udp)) {
            sink.writeOne(packet);
            return;
        }
        if (!header.isPlain()) {
            addUnclear(packet);
            return;
        }
        boolean joins = mayJoin(packet);
        int found = find(packet);
        if (found >= 0) {
            Run run = runs[found];
            if (joins && run.join(packet, header)) {
                if (run.isFull()) {
                    finish(found);
                }
                return;
            }
            if (run.isReplacedBy(packet, header)) {
                run.replace(packet);
                thinned++;
                return;
            }
            finish(found);
        }
        boolean begins = joins || header.isPureAck();
        if (!begins || header.protocol() == TCP && (header.tcpFlags() & PSH) != 0) {
            sink.writeOne(packet);
            return;
        }
        if (open == FLOWS) {
            finish(0);
        }
        runs[open++].begin(packet, header);
    }

    /** Whether the packet, by itself, is one that can be part of a run. */
    private boolean mayJoin(PooledBuffer packet) {
        if (header.payloadLength() == 0) {
            return false;
        }
        int at = packet.offset() + header.transport();
        if (header.protocol() == TCP) {
            return (header.tcpFlags() & ~PSH) == ACK
                    && (packet.segment().get(JAVA_BYTE, at + DATA_OFFSET) & RESERVED) == 0;
        }
        return packet.segment().get(U16, at + UDP_CHECKSUM) != 0;
    }

    /** Acknowledgements that a later one of the same batch made needless, ever. */
    long thinned() {
        return thinned;
    }

    private int find(PooledBuffer packet) {
        // The newest first: most packets follow one of their own flow.
        for (int i = open - 1; i >= 0; i--) {
            if (runs[i].isOfThisFlow(packet, header)) {
                return i;
            }
        }
        return -1;
    }

    private void finish(int index) {
        Run run = runs[index];
        open--;
        System.arraycopy(runs, index + 1, runs, index, open - index);
        runs[open] = run;
        write(run);
    }

    private void write(Run run) {
        if (run.count() == 1) {
            sink.writeOne(run.packet(0));
        } else {
            sink.writeRun(run);
        }
    }

    /** Ends the batch: what waits leaves, the oldest flow first. */
    void flush() {
        for (int i = 0; i < open; i++) {
            write(runs[i]);
        }
        open = 0;
    }
}
