package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TablesTest {
    @Test
    void shouldFindWhatAMapWouldFindUnderManyKeys() {
        var random = new Random(1);
        SessionTable<Object> table = new SessionTable<>();
        Map<Long, Object> model = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            long key = random.nextInt(3000) - 1500;
            if (random.nextInt(3) > 0) {
                Object session = new Object();
                assertSame(model.put(key, session), table.put(key, session));
            } else {
                Object session = model.get(key);
                assertFalse(table.remove(key, this));
                if (session != null) {
                    assertTrue(table.remove(key, session));
                    model.remove(key);
                }
            }
            long probe = random.nextInt(3000) - 1500;
            assertSame(model.get(probe), table.find(probe));
            assertEquals(model.size(), table.size());
        }
    }

    @Test
    void shouldFindWhatAMapWouldFindUnderManyAddresses() {
        record Address(long high, long low) {}

        var random = new Random(2);
        RouteTable<Object> table = new RouteTable<>();
        Map<Address, Object> model = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            var address = new Address(random.nextInt(3), random.nextInt(800));
            if (random.nextInt(3) > 0) {
                Object session = new Object();
                assertSame(model.put(address, session), table.put(address.high, address.low, session));
            } else {
                Object session = model.get(address);
                assertFalse(table.remove(address.high, address.low, this));
                if (session != null) {
                    assertTrue(table.remove(address.high, address.low, session));
                    model.remove(address);
                }
            }
            assertSame(model.get(address), table.find(address.high, address.low));
            assertEquals(model.size(), table.size());
        }
    }

    @Test
    void shouldTakeInWhatWasToldInItsOrder() {
        RouteTable<String> table = new RouteTable<>();
        table.tell(0, 1, "gone", true);
        table.tell(0, 1, "gone", false);
        table.tell(0, 2, "there", true);
        assertNull(table.put(0, 1, "next"));
        table.learn();
        assertEquals("next", table.find(0, 1));
        assertEquals("there", table.find(0, 2));
        table.tell(0, 2, "there", false);
        assertNull(table.find(0, 2));
        assertEquals(1, table.size());
    }

    @Test
    void shouldTellFamiliesApart() {
        RouteTable<String> table = new RouteTable<>();
        table.put(0, 0xffff_0a08_0002L, "IPv4");
        table.put(0xfd00L << 48, 2, "IPv6");
        assertEquals("IPv4", table.find(0, 0xffff_0a08_0002L));
        assertEquals("IPv6", table.find(0xfd00L << 48, 2));
        assertNull(table.find(0, 2));
    }
}
