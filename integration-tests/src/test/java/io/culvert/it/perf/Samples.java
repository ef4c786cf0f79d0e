package io.culvert.it.perf;

import java.util.Arrays;
import java.util.Collection;

/** Sorted values. */
record Samples(double[] sorted) {
    Samples {
        sorted = sorted.clone();
        Arrays.sort(sorted);
    }

    static Samples of(Collection<Double> values) {
        return new Samples(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** The middle one, of an even number the mean of the two; NaN of none. */
    double median() {
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** The smallest value that at least {@code percent} of all do not exceed: always one that was measured. */
    double percentile(double percent) {
        int n = sorted.length;
        return n == 0 ? Double.NaN : sorted[Math.clamp((long) Math.ceil(percent / 100 * n) - 1, 0, n - 1)];
    }
}
