package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PacingTest {
    private static final long US = 1_000;

    private final Pacing pacing = new Pacing(250 * US);
    private long nowNs = 7_000_000_000L;

    /** Rounds of some packets each, so far apart, for ten milliseconds. */
    private void traffic(int fromLinks, int fromTun, long apartNs) {
        for (long until = nowNs + 10_000 * US; nowNs < until; nowNs += apartNs) {
            for (int i = 0; i < fromLinks; i++) {
                pacing.fromLink();
            }
            for (int i = 0; i < fromTun; i++) {
                pacing.fromTun();
            }
            pacing.roundEnded(nowNs);
        }
    }

    @Test
    void shouldNotPauseWhenPacketsComeOneByOne() {
        traffic(1, 1, 100 * US);
        assertEquals(0, pacing.pauseNs());
    }

    @Test
    void shouldLetDatagramsGatherWhenBurstsAreSmallAndClose() {
        traffic(10, 1, 100 * US);
        assertEquals(250 * US, pacing.pauseNs());
    }

    @Test
    void shouldPauseNoLongerThanEnoughNeeds() {
        traffic(40, 1, 50 * US);
        assertTrue(pacing.pauseNs() > 0 && pacing.pauseNs() < 130 * US, () -> "" + pacing.pauseNs());
    }

    @Test
    void shouldNotPauseWhenBatchesAreLargeByThemselves() {
        traffic(100, 4, 100 * US);
        assertEquals(0, pacing.pauseNs());
    }

    @Test
    void shouldNotPauseWhileMostPacketsLeave() {
        traffic(10, 40, 100 * US);
        assertEquals(0, pacing.pauseNs());
    }

    @Test
    void shouldForgetTheHeatWhenTrafficEnds() {
        traffic(10, 1, 100 * US);
        nowNs += 500_000 * US;
        pacing.fromLink();
        pacing.roundEnded(nowNs);
        assertEquals(0, pacing.pauseNs());
    }

    @Test
    void shouldNapWhileOnlyKeepalivesCome() {
        for (int i = 0; i < 10; i++) {
            traffic(1, 0, 1_000 * US);
        }
        assertEquals(8_000 * US, pacing.pauseNs());
        for (int i = 0; i < 100; i++) {
            traffic(8, 0, 8_000 * US);
        }
        assertEquals(8_000 * US, pacing.pauseNs());
    }

    @Test
    void shouldNotNapForAFewKeepalives() {
        for (int i = 0; i < 100; i++) {
            traffic(1, 0, 10_000 * US);
        }
        assertEquals(0, pacing.pauseNs());
    }

    @Test
    void shouldEndTheNapWithTheFirstPacketOfAUser() {
        for (int i = 0; i < 10; i++) {
            traffic(1, 0, 1_000 * US);
        }
        pacing.fromLink();
        pacing.carried();
        pacing.roundEnded(nowNs);
        assertEquals(0, pacing.pauseNs());
    }
}
