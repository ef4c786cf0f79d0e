package io.culvert.net.ethernet;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Which station is behind which port, IEEE 802.1D-2004 section 7.9: dynamic entries that age, and static ones that do
 * not. Open hashing over 48-bit addresses with a random seed: a station that picks its addresses cannot make others
 * slow. Each port has a number of dynamic entries that it may have at once, so that the whole is bounded as well.
 *
 * <p>Threads: one. Allocates only while it grows.
 */
final class FilteringDatabase {
    static final int NO_PORT = -1;

    private static final int INITIAL = 64;

    /** No station's address: the first entry that is looked at is a free one if it has this. */
    private static final long FREE = -1;

    /** Of a static entry. */
    private static final long FOR_EVER = Long.MAX_VALUE;

    private static final int PORTS = 16;
    private static final long NEVER = Long.MIN_VALUE;

    /** A port that is full is looked through once in a while, not for every frame of a flood. */
    private static final long SWEEP_NS = 100_000_000L;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private final long ageingNs;
    private final int mostOfTap;
    private final int mostOfOthers;
    private long[] addresses = free(INITIAL);
    private int[] ports = new int[INITIAL];

    /** When the entry was confirmed last; {@link #FOR_EVER} of a static one. */
    private long[] heardNs = new long[INITIAL];

    /** Dynamic entries, by port; those that are too old and were not found out yet count. */
    private int[] counts = new int[PORTS];

    /** When a port was last looked through for entries that are too old. */
    private long[] sweptNs = never(PORTS);

    private int size;

    /**
     * @param ageingNs after which an entry that was not confirmed does not count any more
     * @param mostOfTap dynamic entries of port 0 at once
     * @param mostOfOthers dynamic entries of each other port at once
     */
    FilteringDatabase(long ageingNs, int mostOfTap, int mostOfOthers) {
        this.ageingNs = ageingNs;
        this.mostOfTap = mostOfTap;
        this.mostOfOthers = mostOfOthers;
    }

    private static long[] free(int length) {
        long[] addresses = new long[length];
        Arrays.fill(addresses, FREE);
        return addresses;
    }

    private static long[] never(int length) {
        long[] times = new long[length];
        Arrays.fill(times, NEVER);
        return times;
    }

    /** What {@link #learn} found. */
    enum Learned {
        /** The station is known to be behind the port. */
        YES,
        /** The port has as many stations as it may have. */
        NO_ROOM,
        /** A static entry says that it is behind another port. */
        STATIC
    }

    /** The port that the station is behind, or {@link #NO_PORT}. */
    int find(long address, long nowNs) {
        int slot = slotOf(address);
        return addresses[slot] == FREE || isOld(slot, nowNs) ? NO_PORT : ports[slot];
    }

    /** The station sent something through the port: confirms its entry, makes one, or moves it (section 7.8). */
    Learned learn(long address, int port, long nowNs) {
        int slot = slotOf(address);
        if (addresses[slot] != FREE) {
            if (heardNs[slot] == FOR_EVER) {
                return ports[slot] == port ? Learned.YES : Learned.STATIC;
            }
            if (ports[slot] == port) {
                heardNs[slot] = nowNs;
                return Learned.YES;
            }
            if (!makeRoom(port, nowNs)) {
                return Learned.NO_ROOM;
            }
            // Room was made by taking entries out, which moves others.
            slot = slotOf(address);
            if (addresses[slot] != FREE) {
                counts[ports[slot]]--;
                counts[port]++;
                set(slot, address, port, nowNs);
                return Learned.YES;
            }
        } else if (!makeRoom(port, nowNs)) {
            return Learned.NO_ROOM;
        }
        add(address, port, nowNs);
        counts[port]++;
        return Learned.YES;
    }

    /** The station is behind the port for ever, whatever is heard. */
    void fix(long address, int port) {
        int slot = slotOf(address);
        if (addresses[slot] == FREE) {
            add(address, port, FOR_EVER);
        } else {
            if (heardNs[slot] != FOR_EVER) {
                counts[ports[slot]]--;
            }
            set(slot, address, port, FOR_EVER);
        }
    }

    /** Forgets every dynamic entry of the port. */
    void forget(int port) {
        if (port < counts.length && counts[port] > 0) {
            removeOf(port, 0, true);
            sweptNs[port] = NEVER;
        }
    }

    /** Entries, those that are too old and were not found out yet included. */
    int size() {
        return size;
    }

    // ---- room

    /** Whether the port may have one more entry, if need be in place of those that are too old. */
    private boolean makeRoom(int port, long nowNs) {
        if (port >= counts.length) {
            int before = counts.length;
            counts = Arrays.copyOf(counts, Math.max(port + 1, before * 2));
            sweptNs = Arrays.copyOf(sweptNs, counts.length);
            Arrays.fill(sweptNs, before, counts.length, NEVER);
        }
        int most = port == 0 ? mostOfTap : mostOfOthers;
        if (counts[port] < most) {
            return true;
        }
        if (sweptNs[port] != NEVER && nowNs - sweptNs[port] < SWEEP_NS) {
            return false;
        }
        removeOf(port, nowNs, false);
        sweptNs[port] = nowNs;
        return counts[port] < most;
    }

    private void removeOf(int port, long nowNs, boolean all) {
        int slot = 0;
        while (slot < addresses.length) {
            boolean goes = addresses[slot] != FREE
                    && ports[slot] == port
                    && heardNs[slot] != FOR_EVER
                    && (all || isOld(slot, nowNs));
            if (goes) {
                // Another may move here: the slot is looked at again.
                counts[port]--;
                remove(slot);
            } else {
                slot++;
            }
        }
    }

    private boolean isOld(int slot, long nowNs) {
        return heardNs[slot] != FOR_EVER && nowNs - heardNs[slot] > ageingNs;
    }

    // ---- the table

    private void add(long address, int port, long atNs) {
        if ((size + 1) * 2 > addresses.length) {
            grow();
        }
        set(slotOf(address), address, port, atNs);
        size++;
    }

    private void set(int slot, long address, int port, long atNs) {
        addresses[slot] = address;
        ports[slot] = port;
        heardNs[slot] = atNs;
    }

    private void remove(int slot) {
        size--;
        int mask = addresses.length - 1;
        int hole = slot;
        for (int next = hole + 1 & mask; addresses[next] != FREE; next = next + 1 & mask) {
            if ((next - home(addresses[next]) & mask) >= (next - hole & mask)) {
                set(hole, addresses[next], ports[next], heardNs[next]);
                hole = next;
            }
        }
        addresses[hole] = FREE;
    }

    private int slotOf(long address) {
        int mask = addresses.length - 1;
        int slot = home(address);
        while (addresses[slot] != FREE && addresses[slot] != address) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int home(long address) {
        long h = (address ^ seed) * 0x9e3779b97f4a7c15L;
        h = (h ^ h >>> 32) * 0xd6e8feb86659fd93L;
        return (int) (h ^ h >>> 32) & addresses.length - 1;
    }

    private void grow() {
        long[] oldAddresses = addresses;
        int[] oldPorts = ports;
        long[] oldHeardNs = heardNs;
        addresses = free(oldAddresses.length * 2);
        ports = new int[addresses.length];
        heardNs = new long[addresses.length];
        for (int i = 0; i < oldAddresses.length; i++) {
            if (oldAddresses[i] != FREE) {
                set(slotOf(oldAddresses[i]), oldAddresses[i], oldPorts[i], oldHeardNs[i]);
            }
        }
    }
}
