package io.culvert.web.watch;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/** One metric while it is being read: its values by their labels. Without any it is still announced. */
final class Family {
    private final GaugeSnapshot.Builder gauge;
    private final CounterSnapshot.Builder counter;
    private final boolean counts;
    private final String[] labels;

    private Family(boolean counts, String name, String help, String[] labels) {
        this.counts = counts;
        this.labels = labels;
        gauge = GaugeSnapshot.builder().name(name).help(help);
        counter = CounterSnapshot.builder().name(name).help(help);
    }

    static Family gauge(String name, String help, String... labels) {
        return new Family(false, name, help, labels);
    }

    /** @param name without {@code _total} */
    static Family counter(String name, String help, String... labels) {
        return new Family(true, name, help, labels);
    }

    /** @param values of the labels, in their order */
    Family add(double value, String... values) {
        Labels at = Labels.of(labels, values);
        if (counts) {
            counter.dataPoint(CounterDataPointSnapshot.builder().labels(at).value(Math.max(0, value)).build());
        } else {
            gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(at).value(value).build());
        }
        return this;
    }

    MetricSnapshot read() {
        return counts ? counter.build() : gauge.build();
    }
}
