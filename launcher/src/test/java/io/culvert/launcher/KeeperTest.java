package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class KeeperTest {
    private final BlockingQueue<Integer> closed = new LinkedBlockingQueue<>();

    private Keeper keeper(Duration patience) {
        return new Keeper(closed::add, patience);
    }

    @Test
    void shouldGiveAnEstateOnce() {
        try (var keeper = keeper(Duration.ofMinutes(1))) {
            Map<String, Object> estate = Map.of("udp", 7, "state", new byte[3]);
            keeper.apply("core", estate);
            assertNull(keeper.apply("store.local", null));
            assertSame(estate, keeper.apply("core", null));
            assertNull(keeper.apply("core", null));
        }
        assertTrue(closed.isEmpty(), "whoever took them closes them");
    }

    @Test
    void shouldCloseWhatNobodyAskedFor() throws Exception {
        try (var keeper = keeper(Duration.ofMillis(20))) {
            keeper.apply("core", Map.of("udp", 7, "facts", "cv0", "tun", 8));
            Integer one = closed.poll(10, TimeUnit.SECONDS);
            Integer other = closed.poll(10, TimeUnit.SECONDS);
            assertEquals(Set.of(7, 8), Set.of(one, other));
            assertNull(keeper.apply("core", null));
        }
    }

    @Test
    void shouldCloseWhatIsReplacedAndWhatIsLeftAtTheEnd() {
        var keeper = keeper(Duration.ofMinutes(1));
        keeper.apply("core", Map.of("tun", 1));
        keeper.apply("core", Map.of("tun", 2));
        assertEquals(1, closed.poll());
        keeper.close();
        assertEquals(2, closed.poll());
        keeper.apply("core", Map.of("tun", 3));
        assertEquals(3, closed.poll(), "nobody is going to ask any more");
    }

    @Test
    void shouldLetOneVersionOfAModuleAct() {
        try (var keeper = keeper(Duration.ofMinutes(1))) {
            assertSame(keeper.turn("core"), keeper.turn("core"));
            assertNotSame(keeper.turn("core"), keeper.turn("store.local"));
            assertTrue(keeper.turn("core").tryAcquire());
            assertFalse(keeper.turn("core").tryAcquire());
        }
    }
}
