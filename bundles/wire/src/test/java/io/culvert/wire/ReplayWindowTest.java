package io.culvert.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {
    private final ReplayWindow window = new ReplayWindow();

    @Test
    void shouldNeverAcceptZero() {
        assertFalse(window.accept(0));
        assertTrue(window.accept(1));
        assertFalse(window.accept(0));
    }

    @Test
    void shouldAcceptEachNumberOnceWithinTheWidth() {
        assertTrue(window.accept(100));
        assertTrue(window.accept(100 - 63));
        assertFalse(window.accept(100 - 63));
        assertFalse(window.accept(100 - 64));
        assertFalse(window.accept(100));
        assertEquals(100, window.highest());
    }

    @Test
    void shouldAcceptAnyJumpAhead() {
        assertTrue(window.accept(5));
        assertTrue(window.accept(0xFFFF_FFFFL));
        assertFalse(window.accept(5));
        assertTrue(window.accept(0xFFFF_FFFEL));
    }

    @Test
    void shouldTreatEverythingBeforeItsStartAsSeen() {
        var resumed = new ReplayWindow(1000);
        assertFalse(resumed.accept(1000));
        assertFalse(resumed.accept(990));
        assertTrue(resumed.accept(1001));
        assertFalse(resumed.accept(999));
    }

    @Test
    void shouldAgreeWithASetOfEverythingSeen() {
        var random = new Random(7);
        var seen = new HashSet<Long>();
        long highest = 0;
        for (int i = 0; i < 100_000; i++) {
            long number = Math.max(0, highest + random.nextInt(-80, 12));
            boolean fresh = number > 0 && highest - number < ReplayWindow.WIDTH && !seen.contains(number);
            assertEquals(fresh, window.wouldAccept(number));
            assertEquals(fresh, window.accept(number), "number " + number + ", highest " + highest);
            if (fresh) {
                seen.add(number);
                highest = Math.max(highest, number);
            }
        }
    }
}
