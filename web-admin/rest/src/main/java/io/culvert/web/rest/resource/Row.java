package io.culvert.web.rest.resource;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Typed access to what a command answers; what is absent reads as empty. */
record Row(Map<?, ?> values) {
    static final Row EMPTY = new Row(Map.of());

    static Row of(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? new Row(map) : EMPTY;
    }

    static List<Row> all(@Nullable Object value) {
        return value instanceof List<?> list ? list.stream().map(Row::of).toList() : List.of();
    }

    String text(String name) {
        Object value = values.get(name);
        return value == null ? "" : value.toString();
    }

    boolean flag(String name) {
        return Boolean.TRUE.equals(values.get(name));
    }

    long number(String name) {
        return values.get(name) instanceof Number number ? number.longValue() : 0;
    }

    List<String> texts(String name) {
        return values.get(name) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    List<Row> rows(String name) {
        return all(values.get(name));
    }

    Row row(String name) {
        return of(values.get(name));
    }

    Map<String, Integer> counts(String name) {
        var counts = new TreeMap<String, Integer>();
        if (values.get(name) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> counts.put(String.valueOf(key), value instanceof Number n ? n.intValue() : 0));
        }
        return counts;
    }

    Map<String, Object> map(String name) {
        var copy = new LinkedHashMap<String, Object>();
        if (values.get(name) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        }
        return copy;
    }
}
