package io.culvert.core.bus;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Inner destination addresses to sessions: open hashing over 128-bit keys, IPv4 in mapped form.
 *
 * <p>Threads: one packet loop; any thread may {@link #tell}. {@link #find} allocates nothing where nothing was told.
 */
public final class RouteTable<S> {
    private static final int INITIAL = 64;

    private record Change<S>(long high, long low, S session, boolean there) {}

    private final ConcurrentLinkedQueue<Change<S>> told = new ConcurrentLinkedQueue<>();
    private volatile boolean news;
    private final long seed = ThreadLocalRandom.current().nextLong();
    private long[] keys = new long[INITIAL * 2];
    private @Nullable Object[] values = new @Nullable Object[INITIAL];
    private int size;

    /**
     * Another loop's {@link #put} ({@code there}) or {@link #remove}. Any thread. What is looked up from now on is looked
     * up with it, so a peer that was told it is connected is found by whatever arrives then.
     */
    public void tell(long high, long low, S session, boolean there) {
        told.add(new Change<>(high, low, session, there));
        news = true;
    }

    /** Takes in what was told; looking up does it, too, but then the change waits for a packet. */
    public void learn() {
        news = false;
        for (Change<S> change = told.poll(); change != null; change = told.poll()) {
            if (change.there) {
                lead(change.high, change.low, change.session);
            } else {
                drop(change.high, change.low, change.session);
            }
        }
    }

    public @Nullable S find(long high, long low) {
        if (news) {
            learn();
        }
        return cast(values[slotOf(high, low)]);
    }

    /** Leads the address to {@code session} from now on; returns the session that had it. */
    public @Nullable S put(long high, long low, S session) {
        learn();
        return lead(high, low, session);
    }

    /** Removes the address if it leads to {@code session}. */
    public boolean remove(long high, long low, S session) {
        learn();
        return drop(high, low, session);
    }

    private @Nullable S lead(long high, long low, S session) {
        int slot = slotOf(high, low);
        S before = cast(values[slot]);
        values[slot] = session;
        if (before == null) {
            keys[slot * 2] = high;
            keys[slot * 2 + 1] = low;
            size++;
            if (size * 2 > values.length) {
                grow();
            }
        }
        return before;
    }

    private boolean drop(long high, long low, S session) {
        int slot = slotOf(high, low);
        if (values[slot] != session) {
            return false;
        }
        size--;
        int mask = values.length - 1;
        for (int next = slot + 1 & mask; values[next] != null; next = next + 1 & mask) {
            int home = home(keys[next * 2], keys[next * 2 + 1]);
            if ((next - home & mask) >= (next - slot & mask)) {
                keys[slot * 2] = keys[next * 2];
                keys[slot * 2 + 1] = keys[next * 2 + 1];
                values[slot] = values[next];
                slot = next;
            }
        }
        values[slot] = null;
        return true;
    }

    public int size() {
        return size;
    }

    private int slotOf(long high, long low) {
        int mask = values.length - 1;
        int slot = home(high, low);
        while (values[slot] != null && (keys[slot * 2 + 1] != low || keys[slot * 2] != high)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int home(long high, long low) {
        long h = (low ^ seed) * 0x9e3779b97f4a7c15L + high;
        h = (h ^ h >>> 32) * 0xd6e8feb86659fd93L;
        return (int) (h ^ h >>> 32) & values.length - 1;
    }

    private void grow() {
        long[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new @Nullable Object[oldValues.length * 2];
        for (int i = 0; i < oldValues.length; i++) {
            if (oldValues[i] != null) {
                int slot = slotOf(oldKeys[i * 2], oldKeys[i * 2 + 1]);
                keys[slot * 2] = oldKeys[i * 2];
                keys[slot * 2 + 1] = oldKeys[i * 2 + 1];
                values[slot] = oldValues[i];
            }
        }
    }

    @SuppressWarnings("unchecked")
    private @Nullable S cast(@Nullable Object value) {
        return (S) value;
    }
}
