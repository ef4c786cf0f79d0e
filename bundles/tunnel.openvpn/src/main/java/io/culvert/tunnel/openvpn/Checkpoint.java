package io.culvert.tunnel.openvpn;

import io.culvert.api.packet.Outbox;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the session's record up to date, and with it the reservations of packet-ids: only when a record is durable may
 * the packet-ids be used that it reserves. One save at a time; what asks meanwhile is done by the next.
 */
final class Checkpoint {
    static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);

    private final SessionHost session;
    private final SlotTable slots;
    private final Deadlines deadlines;
    private boolean saving;
    private boolean again;
    private List<Saved> waiting = new ArrayList<>(0);

    Checkpoint(SessionHost session, SlotTable slots, Deadlines deadlines) {
        this.session = session;
        this.slots = slots;
        this.deadlines = deadlines;
    }

    /** What follows a save, good or bad. */
    interface Saved {
        void onSaved(boolean durable, long nowNs, Outbox out);
    }

    /** The first save: nothing was sent before it. */
    void first(Saved then) {
        saving = true;
        var reservation = new Reservation(slots.all());
        session.save((durable, nowNs, out) -> {
            saving = false;
            if (durable) {
                reservation.durable();
            }
            then.onSaved(durable, nowNs, out);
        });
        reservation.capture();
    }

    /** Saves what is true now, and tells when that is durable, or cannot be made so. */
    void save(Saved then) {
        waiting.add(then);
        save();
    }

    /** Saves now, or as soon as the save that is under way is done. */
    void save() {
        if (saving) {
            again = true;
            return;
        }
        saving = true;
        again = false;
        List<Saved> told = waiting;
        waiting = new ArrayList<>(0);
        deadlines.clear(Deadlines.Kind.SAVE);
        var reservation = new Reservation(slots.all());
        session.save((durable, nowNs, out) -> {
            saving = false;
            if (durable) {
                reservation.durable();
            }
            told.forEach(each -> each.onSaved(durable, nowNs, out));
            if (durable && !waiting.isEmpty()) {
                save();
            } else if (!durable || again) {
                again = false;
                deadlines.set(Deadlines.Kind.SAVE, durable ? nowNs : nowNs + RETRY_NS);
            }
        });
        reservation.capture();
    }

    /** The packet-ids that one record reserves, for when it is durable. */
    private static final class Reservation {
        private final List<KeySlot> slots;
        private final long[] ends;

        Reservation(List<KeySlot> slots) {
            this.slots = slots;
            this.ends = new long[slots.size()];
        }

        /** Right after the session was frozen, which the save begins with. */
        void capture() {
            for (int i = 0; i < ends.length; i++) {
                ends[i] = slots.get(i).frozenEnd();
            }
        }

        void durable() {
            for (int i = 0; i < ends.length; i++) {
                slots.get(i).reserved(ends[i]);
            }
        }
    }
}
