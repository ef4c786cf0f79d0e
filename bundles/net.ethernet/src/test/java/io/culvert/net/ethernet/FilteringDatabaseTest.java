package io.culvert.net.ethernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.net.ethernet.FilteringDatabase.Learned;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The table against a plain map that does the same without being fast, under virtual time. */
final class FilteringDatabaseTest {
    private static final int SEEDS = Integer.getInteger("culvert.seeds", 60);
    private static final long AGEING_NS = 1_000_000_000L;
    private static final int MOST_OF_TAP = 40;
    private static final int MOST = 5;
    private static final int PORTS = 20;

    private record Entry(int port, long heardNs, boolean fixed) {}

    private final Map<Long, Entry> model = new HashMap<>();
    private long nowNs;

    private boolean isOld(Entry entry) {
        return !entry.fixed && nowNs - entry.heardNs > AGEING_NS;
    }

    private int find(long address) {
        Entry entry = model.get(address);
        return entry == null || isOld(entry) ? FilteringDatabase.NO_PORT : entry.port;
    }

    /** As many as may be, and an old one is gone when a port is full. */
    private boolean hasRoom(int port) {
        long young = model.values().stream()
                .filter(each -> !each.fixed && each.port == port && !isOld(each))
                .count();
        return young < (port == 0 ? MOST_OF_TAP : MOST);
    }

    private Learned learn(long address, int port) {
        Entry entry = model.get(address);
        if (entry != null && entry.fixed) {
            return entry.port == port ? Learned.YES : Learned.STATIC;
        }
        if ((entry == null || isOld(entry) || entry.port != port) && !hasRoom(port)) {
            return Learned.NO_ROOM;
        }
        model.put(address, new Entry(port, nowNs, false));
        return Learned.YES;
    }

    @Test
    void shouldAnswerAsASimpleMapDoes() {
        for (long seed = 0; seed < SEEDS; seed++) {
            compare(seed);
        }
    }

    private void compare(long seed) {
        var random = new Random(seed);
        model.clear();
        nowNs = random.nextLong(-AGEING_NS, AGEING_NS);
        var table = new FilteringDatabase(AGEING_NS, MOST_OF_TAP, MOST);
        int stations = 1 + random.nextInt(200);
        for (int step = 0; step < 2_000; step++) {
            String where = "seed " + seed + " step " + step;
            long address = 0x0200_0000_0000L + random.nextInt(stations);
            int port = random.nextInt(PORTS);
            // A full port is looked through ten times in a second at most: steps are longer than that.
            nowNs += 100_000_000L + random.nextLong(20_000_000L);
            switch (random.nextInt(40)) {
                case 0 -> {
                    table.forget(port);
                    model.values().removeIf(each -> !each.fixed && each.port == port);
                }
                case 1 -> {
                    table.fix(address, 0);
                    model.put(address, new Entry(0, nowNs, true));
                }
                default -> {
                    Learned expected = learn(address, port);
                    assertEquals(expected, table.learn(address, port, nowNs), where);
                }
            }
            long other = 0x0200_0000_0000L + random.nextInt(stations);
            assertEquals(find(other), table.find(other, nowNs), where);
            assertEquals(find(address), table.find(address, nowNs), where);
            assertTrue(table.size() <= stations, where);
        }
    }

    @Test
    void shouldNotBeLookedThroughForEveryFrameOfAFlood() {
        var table = new FilteringDatabase(AGEING_NS, MOST_OF_TAP, 1);
        assertEquals(Learned.YES, table.learn(1, 1, 0));
        assertEquals(Learned.NO_ROOM, table.learn(2, 1, AGEING_NS));
        assertEquals(Learned.NO_ROOM, table.learn(3, 1, AGEING_NS + 1), "the first one's age is not looked at again yet");
        assertEquals(Learned.YES, table.learn(3, 1, AGEING_NS + 100_000_000L));
        assertEquals(1, table.size());
    }

    @Test
    void shouldHoldNoMoreThanItsPortsMay() {
        var table = new FilteringDatabase(AGEING_NS, MOST_OF_TAP, MOST);
        var random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            table.learn(random.nextLong(1L << 48), random.nextInt(PORTS), i);
        }
        assertEquals(MOST_OF_TAP + (PORTS - 1) * MOST, table.size());
    }
}
