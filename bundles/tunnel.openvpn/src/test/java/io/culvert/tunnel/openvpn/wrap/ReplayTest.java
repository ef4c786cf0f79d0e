package io.culvert.tunnel.openvpn.wrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Replay ids of wrapped packets, given out and taken in. */
class ReplayTest {
    @Test
    void shouldTakeEachIdOnceInAnyOrderWithinTheWindow() {
        var guard = new ReplayGuard();
        for (int id : new int[] {5, 3, 4, 1, 64}) {
            assertTrue(guard.accept(id, 100));
            assertFalse(guard.accept(id, 100));
        }
        assertTrue(guard.accept(2, 100), "63 behind");
        assertTrue(guard.accept(66, 100));
        assertFalse(guard.accept(2, 100), "64 behind");
        assertFalse(guard.accept(0, 100));
        assertEquals(66, guard.highestId());
    }

    @Test
    void shouldStartTheWindowAnewAtALaterTimeAndRefuseEarlierOnes() {
        var guard = new ReplayGuard();
        assertTrue(guard.accept(1000, 100));
        assertTrue(guard.accept(1, 101));
        assertFalse(guard.accept(1, 101));
        assertFalse(guard.accept(1001, 100));
        assertFalse(guard.accept(0, 102));
        assertEquals(101, guard.time(), "an id of zero moves nothing");
    }

    @Test
    void shouldReadIdsAndTimesAsUnsigned() {
        var guard = new ReplayGuard();
        assertTrue(guard.accept(0xFFFF_FFFE, 0x8000_0000));
        assertTrue(guard.accept(0xFFFF_FFFF, 0x8000_0000));
        assertFalse(guard.accept(1, 0x7FFF_FFFF));
        assertTrue(guard.accept(1, 0xFFFF_FFFF));
    }

    @Test
    void shouldGoOnBehindWhatAnotherGuardHasSeen() {
        var guard = new ReplayGuard(100, 7);
        assertFalse(guard.accept(7, 100));
        assertFalse(guard.accept(3, 100));
        assertTrue(guard.accept(8, 100));
    }

    @Test
    void shouldHandOutIdsFromOneUp() {
        var counter = new ReplayCounter(100, 0);
        assertEquals(1L << 32 | 100, counter.next());
        assertEquals(2L << 32 | 100, counter.next());
        assertEquals(100, counter.time());
        assertEquals(5L << 32 | 9, new ReplayCounter(9, 4).next());
    }

    @Test
    void shouldTakeALaterTimeWhenIdsAreUsedUp() {
        var counter = new ReplayCounter(100, 0xFFFF_FFFEL);
        assertEquals(0xFFFF_FFFFL << 32 | 100, counter.next());
        assertEquals(1L << 32 | 101, counter.next());
        assertEquals(101, counter.time());
    }

    @Test
    void shouldTakeWhatItHandsOut() {
        var counter = new ReplayCounter(0xFFFF_0000L, 0xFFFF_FFF0L);
        var guard = new ReplayGuard();
        for (int i = 0; i < 100; i++) {
            long replay = counter.next();
            assertTrue(guard.accept((int) (replay >>> 32), (int) replay));
            assertFalse(guard.accept((int) (replay >>> 32), (int) replay));
        }
    }
}
