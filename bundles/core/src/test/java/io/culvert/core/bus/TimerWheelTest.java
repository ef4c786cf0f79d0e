package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TimerWheelTest {
    private static final long TICK_NS = 1L << 22;
    private static final long START_NS = -7_000_000_123L;

    private final TimerWheel wheel = new TimerWheel(START_NS);
    private long nowNs = START_NS;

    private final class Probe extends TimerWheel.Timer {
        final List<Long> firedNs = new ArrayList<>();
        long repeatNs;

        @Override
        protected void onTimeout() {
            firedNs.add(nowNs);
            if (repeatNs > 0) {
                wheel.set(this, nowNs + repeatNs);
            }
        }
    }

    /** Sleeps as a loop would, until {@code endNs}. */
    private int run(long endNs) {
        int wakeUps = 0;
        while (nowNs < endNs) {
            long delay = wheel.delayNs(nowNs);
            nowNs = delay == Long.MAX_VALUE ? endNs : Math.min(endNs, nowNs + delay);
            wheel.advance(nowNs);
            wakeUps++;
        }
        return wakeUps;
    }

    @Test
    void shouldFireNeitherEarlyNorMoreThanOneTickLate() {
        var random = new Random(4);
        List<Probe> probes = new ArrayList<>();
        List<Long> deadlines = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            var probe = new Probe();
            long deadline = nowNs + random.nextLong(1L << 20 + random.nextInt(25));
            wheel.set(probe, deadline);
            probes.add(probe);
            deadlines.add(deadline);
        }
        run(nowNs + (1L << 45));
        for (int i = 0; i < probes.size(); i++) {
            assertEquals(1, probes.get(i).firedNs.size());
            long late = probes.get(i).firedNs.getFirst() - deadlines.get(i);
            assertTrue(late >= 0 && late <= 2 * TICK_NS, () -> "late by " + late);
        }
        assertEquals(Long.MAX_VALUE, wheel.delayNs(nowNs));
    }

    @Test
    void shouldFireTimersThatLieBeyondTheWheel() {
        var probe = new Probe();
        long days = 3 * 86_400L * 1_000_000_000L;
        wheel.set(probe, nowNs + days);
        run(START_NS + days + TICK_NS);
        assertEquals(1, probe.firedNs.size());
        assertTrue(probe.firedNs.getFirst() >= START_NS + days);
    }

    @Test
    void shouldFollowATimerThatMovesLaterOrEarlier() {
        var later = new Probe();
        var earlier = new Probe();
        var cancelled = new Probe();
        wheel.set(later, nowNs + 1_000_000_000L);
        wheel.set(earlier, nowNs + 100_000_000_000L);
        wheel.set(cancelled, nowNs + 1_000_000_000L);
        wheel.set(later, nowNs + 5_000_000_000L);
        wheel.set(earlier, nowNs + 2_000_000_000L);
        wheel.set(cancelled, Long.MAX_VALUE);
        run(START_NS + 4_000_000_000L);
        assertTrue(later.firedNs.isEmpty());
        assertEquals(1, earlier.firedNs.size());
        run(START_NS + 6_000_000_000L);
        assertEquals(1, later.firedNs.size());
        assertTrue(cancelled.firedNs.isEmpty());
    }

    @Test
    void shouldFireATimerThatSetsItselfAgain() {
        var probe = new Probe();
        probe.repeatNs = 1_000_000_000L;
        wheel.set(probe, nowNs);
        int wakeUps = run(START_NS + 20_500_000_000L);
        assertTrue(probe.firedNs.size() >= 20, () -> "fired " + probe.firedNs.size());
        assertTrue(wakeUps < 80, () -> wakeUps + " wake-ups");
    }

    @Test
    void shouldFireTheOthersOfItsSlotWhenATimerFails() {
        List<Probe> probes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            var probe = new Probe();
            wheel.set(probe, nowNs + 1_000_000_000L);
            probes.add(probe);
            wheel.set(
                    new TimerWheel.Timer() {
                        @Override
                        protected void onTimeout() {
                            throw new IllegalStateException("a timer that fails on purpose");
                        }
                    },
                    nowNs + 1_000_000_000L);
        }
        run(START_NS + 1_000_000_000L + 2 * TICK_NS);
        for (Probe probe : probes) {
            assertEquals(1, probe.firedNs.size());
        }
        assertEquals(Long.MAX_VALUE, wheel.delayNs(nowNs));
    }

    @Test
    void shouldCatchUpAfterALongPause() {
        var probe = new Probe();
        wheel.set(probe, nowNs + 3_000_000_000L);
        nowNs += 4_000_000_000_000L;
        wheel.advance(nowNs);
        assertEquals(1, probe.firedNs.size());
    }
}
