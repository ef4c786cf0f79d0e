package io.culvert.web.rest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Services in the order of the framework: the highest ranking first, of equal ones the oldest. */
final class Ranked<T> {
    private record Row<T>(T service, int ranking, long id) {}

    private volatile List<Row<T>> rows = List.of();

    synchronized void add(T service, Map<String, Object> properties) {
        var next = new ArrayList<>(rows);
        int ranking = properties.get("service.ranking") instanceof Integer number ? number : 0;
        long id = properties.get("service.id") instanceof Long number ? number : 0;
        next.add(new Row<>(service, ranking, id));
        next.sort(Comparator.comparingInt((Row<T> row) -> -row.ranking()).thenComparingLong(Row::id));
        rows = List.copyOf(next);
    }

    synchronized void remove(T service) {
        rows = rows.stream().filter(row -> row.service() != service).toList();
    }

    List<T> all() {
        return rows.stream().map(Row::service).toList();
    }
}
