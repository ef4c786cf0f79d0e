package io.culvert.web.rest.resource;

import io.culvert.api.status.PathStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What moved, second by second, in memory: a quarter of an hour in seconds, six hours in tens, two days in minutes.
 * Rates are per second, averaged over their step. Threads: any.
 */
public final class History {
    /** What is kept, in the order of the columns. */
    enum Column {
        IN_BITS,
        OUT_BITS,
        IN_PACKETS,
        OUT_PACKETS,
        SESSIONS,
        COMPLETED,
        FAILED,
        DROPS
    }

    static final int MOST_POINTS = 1_000;
    private static final int COLUMNS = Column.values().length;
    private static final float NOTHING = Float.NaN;

    private final List<Tier> tiers = List.of(new Tier(1, 900), new Tier(10, 2_160), new Tier(60, 2_880));
    private @Nullable PathStatus last;

    /** A ring of averages over equal steps. */
    private static final class Tier {
        final int step;
        final int size;
        final float[] values;
        final long[] slots;

        Tier(int step, int size) {
            this.step = step;
            this.size = size;
            values = new float[size * COLUMNS];
            slots = new long[size];
            Arrays.fill(values, NOTHING);
        }

        private final double[] sums = new double[COLUMNS];
        private int count;
        private long open;

        /** A slot is written when the next one begins. */
        void add(long second, double[] sample) {
            long slot = second / step;
            if (slot != open) {
                write();
                open = slot;
            }
            for (int i = 0; i < COLUMNS; i++) {
                sums[i] += sample[i];
            }
            count++;
        }

        private void write() {
            if (count > 0) {
                int at = (int) (open % size);
                slots[at] = open;
                for (int i = 0; i < COLUMNS; i++) {
                    values[at * COLUMNS + i] = (float) (sums[i] / count);
                }
            }
            Arrays.fill(sums, 0);
            count = 0;
        }

        /** At that second; {@code NaN} when nothing is known. */
        float at(long second, Column column) {
            long slot = second / step;
            int at = (int) (slot % size);
            return slots[at] == slot ? values[at * COLUMNS + column.ordinal()] : NOTHING;
        }
    }

    /**
     * Columns over time.
     *
     * @param times epoch seconds
     * @param series by name; null where nothing is known
     */
    record Points(int step, List<Long> times, Map<String, List<@Nullable Long>> series) {}

    /**
     * Takes a sample; more than one in a second count as one.
     *
     * @return what moved since the last one, per second
     */
    public synchronized double[] sample(long epochSecond, PathStatus path) {
        PathStatus before = last;
        last = path;
        double[] sample = new double[COLUMNS];
        if (before == null || path.timeNs() <= before.timeNs()) {
            return sample;
        }
        double seconds = (path.timeNs() - before.timeNs()) / 1e9;
        PathStatus.Traffic now = path.traffic();
        PathStatus.Traffic then = before.traffic();
        sample[Column.IN_BITS.ordinal()] = rate(now.bytesIn() * 8, then.bytesIn() * 8, seconds);
        sample[Column.OUT_BITS.ordinal()] = rate(now.bytesOut() * 8, then.bytesOut() * 8, seconds);
        sample[Column.IN_PACKETS.ordinal()] = rate(now.packetsIn(), then.packetsIn(), seconds);
        sample[Column.OUT_PACKETS.ordinal()] = rate(now.packetsOut(), then.packetsOut(), seconds);
        sample[Column.SESSIONS.ordinal()] = path.sessions();
        sample[Column.COMPLETED.ordinal()] =
                rate(path.handshakes().completed(), before.handshakes().completed(), seconds);
        sample[Column.FAILED.ordinal()] = rate(path.handshakes().failures(), before.handshakes().failures(), seconds);
        sample[Column.DROPS.ordinal()] = rate(path.dropped(), before.dropped(), seconds);
        tiers.forEach(tier -> tier.add(epochSecond, sample));
        return sample;
    }

    /** Counters begin anew when core does. */
    private static double rate(long now, long then, double seconds) {
        return now < then ? 0 : (now - then) / seconds;
    }

    /**
     * @param from epoch second
     * @param step seconds; 0 for the finest that gives no more than {@value #MOST_POINTS} points
     */
    synchronized Points points(Map<String, Column> columns, long from, long to, long step) {
        long least = Math.max(1, (to - from + MOST_POINTS - 1) / MOST_POINTS);
        long wanted = Math.max(step, least);
        Tier tier = tiers.stream()
                .filter(each -> from >= to - (long) each.size * each.step && (wanted >= each.step || each.step == 1))
                .reduce((_, coarser) -> coarser)
                .orElseGet(() -> tiers.getLast());
        long rounded = Math.max(tier.step, (wanted + tier.step - 1) / tier.step * tier.step);
        while ((to - from) / rounded > MOST_POINTS - 1) {
            rounded += tier.step;
        }
        var times = new ArrayList<Long>();
        var series = new LinkedHashMap<String, List<@Nullable Long>>();
        columns.keySet().forEach(name -> series.put(name, new ArrayList<>()));
        for (long at = from / rounded * rounded; at < to; at += rounded) {
            times.add(at);
            for (var column : columns.entrySet()) {
                series.get(column.getKey()).add(average(tier, at, rounded, column.getValue()));
            }
        }
        return new Points((int) rounded, times, series);
    }

    private static @Nullable Long average(Tier tier, long from, long seconds, Column column) {
        double sum = 0;
        int count = 0;
        for (long at = from; at < from + seconds; at += tier.step) {
            float value = tier.at(at, column);
            if (!Float.isNaN(value)) {
                sum += value;
                count++;
            }
        }
        return count == 0 ? null : Math.round(sum / count);
    }
}
