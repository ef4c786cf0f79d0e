package io.culvert.core.bus;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Timers of one packet loop: a hierarchical wheel of three levels with ticks of 2^22 ns (4.2 ms). Setting a timer is
 * O(1), and a timer that moves later only changes a field: it is looked at again when its old time comes.
 *
 * <p>A timer never fires early, and at most one tick late.
 */
public final class TimerWheel {
    /** A timer; in a wheel or not. It never fires on its own again: {@link #onTimeout} sets it anew. */
    public abstract static class Timer {
        private @Nullable Timer previous;
        private @Nullable Timer next;
        private int slot = -1;
        private long deadlineTick;
        private long slotTick;

        /** The time has come. */
        protected abstract void onTimeout();
    }

    private static final Logger LOG = LoggerFactory.getLogger(TimerWheel.class);
    private static final int TICK_SHIFT = 22;
    private static final int LEVEL_SHIFT = 8;
    private static final int SLOTS = 1 << LEVEL_SHIFT;
    private static final int LEVELS = 3;

    private final @Nullable Timer[] slots = new @Nullable Timer[SLOTS * LEVELS];
    private final long[] occupied = new long[SLOTS * LEVELS / Long.SIZE];
    private final long originNs;
    private long tick;

    /** Starts the wheel's time at {@code nowNs}, which may be any number. */
    public TimerWheel(long nowNs) {
        this.originNs = nowNs;
    }

    /** Fires {@code timer} at {@code deadlineNs}, and not at any earlier set time; {@link Long#MAX_VALUE} for never. */
    public void set(Timer timer, long deadlineNs) {
        if (deadlineNs == Long.MAX_VALUE) {
            cancel(timer);
            return;
        }
        long delta = Math.max(0, deadlineNs - originNs);
        long deadlineTick = Math.max(tick + 1, (delta >>> TICK_SHIFT) + ((delta & (1L << TICK_SHIFT) - 1) == 0 ? 0 : 1));
        timer.deadlineTick = deadlineTick;
        if (timer.slot < 0) {
            insert(timer);
        } else if (deadlineTick < timer.slotTick) {
            remove(timer);
            insert(timer);
        }
    }

    public void cancel(Timer timer) {
        if (timer.slot >= 0) {
            remove(timer);
        }
    }

    /** Fires what is due at {@code nowNs}. */
    public void advance(long nowNs) {
        long target = Math.max(0, nowNs - originNs) >>> TICK_SHIFT;
        while (tick < target) {
            long next = nextTick();
            if (next > target) {
                tick = target;
                return;
            }
            tick = next;
            for (int level = LEVELS - 1; level >= 0; level--) {
                if ((tick & (1L << level * LEVEL_SHIFT) - 1) == 0) {
                    open(level * SLOTS + (int) (tick >>> level * LEVEL_SHIFT & SLOTS - 1));
                }
            }
        }
    }

    /** How long to wait until {@link #advance} may have work; {@link Long#MAX_VALUE} when no timer is set. */
    public long delayNs(long nowNs) {
        long next = nextTick();
        return next == Long.MAX_VALUE ? next : Math.max(0, originNs + (next << TICK_SHIFT) - nowNs);
    }

    /** Takes every timer out of the slot: fires those that are due, and moves the others closer. */
    private void open(int slot) {
        for (Timer timer = slots[slot]; timer != null; timer = slots[slot]) {
            remove(timer);
            if (timer.deadlineTick <= tick) {
                fire(timer);
            } else {
                insert(timer);
            }
        }
    }

    /** A timer that fails is logged and does not delay the others of its slot by a whole turn of the wheel. */
    private static void fire(Timer timer) {
        try {
            timer.onTimeout();
        } catch (Throwable t) {
            LOG.error("loop: a timer failed", t);
        }
    }

    /** The next tick at which a slot is to be opened. */
    private long nextTick() {
        long best = Long.MAX_VALUE;
        for (int level = 0; level < LEVELS; level++) {
            long here = tick >>> level * LEVEL_SHIFT;
            int ahead = ahead(level, (int) (here & SLOTS - 1));
            if (ahead > 0) {
                best = Math.min(best, here + ahead << level * LEVEL_SHIFT);
            }
        }
        return best;
    }

    /** How many slots, 1 to 256, lie between {@code from} and the next occupied one; 0 for none. */
    private int ahead(int level, int from) {
        int words = SLOTS / Long.SIZE;
        int start = from + 1 & SLOTS - 1;
        for (int i = 0; i <= words; i++) {
            int word = (start / Long.SIZE + i) % words;
            long bits = occupied[level * words + word];
            if (i == 0) {
                bits &= -1L << start % Long.SIZE;
            } else if (i == words) {
                bits &= ~(-1L << start % Long.SIZE);
            }
            if (bits != 0) {
                int found = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                return (found - start & SLOTS - 1) + 1;
            }
        }
        return 0;
    }

    private void insert(Timer timer) {
        long far = tick + ((long) SLOTS - 1 << (LEVELS - 1) * LEVEL_SHIFT);
        long at = Math.min(timer.deadlineTick, far);
        int level = 0;
        while (level < LEVELS - 1 && (at >>> level * LEVEL_SHIFT) - (tick >>> level * LEVEL_SHIFT) >= SLOTS) {
            level++;
        }
        int slot = level * SLOTS + (int) (at >>> level * LEVEL_SHIFT & SLOTS - 1);
        timer.slotTick = at;
        timer.slot = slot;
        timer.previous = null;
        Timer head = slots[slot];
        timer.next = head;
        if (head != null) {
            head.previous = timer;
        }
        slots[slot] = timer;
        occupied[slot / Long.SIZE] |= 1L << slot % Long.SIZE;
    }

    private void remove(Timer timer) {
        int slot = timer.slot;
        Timer previous = timer.previous;
        Timer next = timer.next;
        if (previous == null) {
            slots[slot] = next;
            if (next == null) {
                occupied[slot / Long.SIZE] &= ~(1L << slot % Long.SIZE);
            }
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        timer.previous = null;
        timer.next = null;
        timer.slot = -1;
    }
}
