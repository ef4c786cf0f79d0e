package io.culvert.core.bus;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Session keys to sessions: open hashing over primitive keys, with a random seed so that keys cannot be chosen to
 * collide. A session has several keys. Threads: one packet loop; {@link #find} allocates nothing.
 */
public final class SessionTable<S> {
    private static final int INITIAL = 64;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private long[] keys = new long[INITIAL];
    private @Nullable Object[] values = new @Nullable Object[INITIAL];
    private int size;

    public @Nullable S find(long key) {
        return cast(values[slotOf(key)]);
    }

    /** Binds {@code key}; returns the session that it was taken from. */
    public @Nullable S put(long key, S session) {
        int slot = slotOf(key);
        S before = cast(values[slot]);
        values[slot] = session;
        if (before == null) {
            keys[slot] = key;
            size++;
            if (size * 2 > keys.length) {
                grow();
            }
        }
        return before;
    }

    /** Unbinds {@code key} if it is {@code session}'s. */
    public boolean remove(long key, S session) {
        int slot = slotOf(key);
        if (values[slot] != session) {
            return false;
        }
        size--;
        int mask = keys.length - 1;
        // Backward shift: whatever would not be found across the hole moves into it.
        for (int next = slot + 1 & mask; values[next] != null; next = next + 1 & mask) {
            int home = home(keys[next]);
            if ((next - home & mask) >= (next - slot & mask)) {
                keys[slot] = keys[next];
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

    private int slotOf(long key) {
        int mask = keys.length - 1;
        int slot = home(key);
        while (values[slot] != null && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int home(long key) {
        long h = (key ^ seed) * 0x9e3779b97f4a7c15L;
        h = (h ^ h >>> 32) * 0xd6e8feb86659fd93L;
        return (int) (h ^ h >>> 32) & keys.length - 1;
    }

    private void grow() {
        long[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new @Nullable Object[oldKeys.length * 2];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldValues[i] != null) {
                int slot = slotOf(oldKeys[i]);
                keys[slot] = oldKeys[i];
                values[slot] = oldValues[i];
            }
        }
    }

    @SuppressWarnings("unchecked")
    private @Nullable S cast(@Nullable Object value) {
        return (S) value;
    }
}
