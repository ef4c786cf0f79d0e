package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.core.handover.Estate;
import io.culvert.core.handover.RecordCodec;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions that one core hands to the next in memory, without a word to the store: each as its record, and with its
 * counters as they are.
 *
 * <p>No packet-id is used twice: the session that a record was made of is gone before the estate is left, and whoever
 * takes the record out of the estate is the only one who has it. The store keeps the record before it, whose reservation
 * covers every packet-id that was ever used: should the process end here, whoever starts from the store starts behind
 * all of them. The successor goes on below the end of that durable reservation; what it uses beyond it reserves in the
 * store first, as after any thaw. And the store has done all that the core before asked for when the estate is left, so
 * that nothing old is written over that.
 */
final class HandedSessions {
    private static final Logger LOG = LoggerFactory.getLogger(HandedSessions.class);
    private static final String BEGIN = "session ";
    private static final int TOTALS_BYTES = 5 * Long.BYTES;

    private HandedSessions() {}

    static String name(String protocol, String instance, long sessionId) {
        return begin(protocol, instance) + Long.toHexString(sessionId);
    }

    private static String begin(String protocol, String instance) {
        return BEGIN + protocol + "/" + instance + "/";
    }

    static byte[] encode(SessionRecord record, byte[] live, SessionTotals totals) {
        byte[] bytes = RecordCodec.encode(record);
        return ByteBuffer.allocate(TOTALS_BYTES + Integer.BYTES + live.length + bytes.length)
                .putLong(totals.since.toEpochMilli())
                .putLong(totals.packetsIn)
                .putLong(totals.bytesIn)
                .putLong(totals.packetsOut)
                .putLong(totals.bytesOut)
                .putInt(live.length)
                .put(live)
                .put(bytes)
                .array();
    }

    static int count(Estate estate, String protocol, String instance) {
        return estate.names(begin(protocol, instance)).size();
    }

    /** Leaves all sessions to their records in the store. */
    static void forget(Estate estate) {
        estate.names(BEGIN).forEach(estate::bytes);
    }

    /** Takes out the sessions of an instance. One that cannot be read is left to the store's record. */
    static List<AttachedProtocols.Judged> take(Estate estate, String protocol, String instance) {
        List<AttachedProtocols.Judged> sessions = new ArrayList<>();
        for (String name : estate.names(begin(protocol, instance))) {
            byte[] bytes = estate.bytes(name);
            if (bytes == null) {
                continue;
            }
            try {
                var in = ByteBuffer.wrap(bytes);
                var totals = new SessionTotals(Instant.ofEpochMilli(in.getLong()));
                totals.packetsIn = in.getLong();
                totals.bytesIn = in.getLong();
                totals.packetsOut = in.getLong();
                totals.bytesOut = in.getLong();
                byte[] live = new byte[in.getInt()];
                in.get(live);
                byte[] record = new byte[in.remaining()];
                in.get(record);
                sessions.add(new AttachedProtocols.Judged(RecordCodec.decode(record), live, null, totals));
            } catch (HandoverException | java.nio.BufferUnderflowException e) {
                LOG.warn("{}: cannot be read, its record in the store is used: {}", name, e.getMessage());
            }
        }
        return sessions;
    }
}
