package io.culvert.launcher;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Answers as a person reads them: names and values in two columns, lists of alike things as a table. */
final class Text {
    private static final String GAP = "  ";

    private Text() {}

    static String json(Object answer) {
        try {
            return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String of(Object answer) {
        var lines = new ArrayList<String>();
        layOut(answer, "", lines);
        return String.join("\n", lines);
    }

    /** The rows of an answer that is one table: a list of maps, alone or as a map's only value. */
    static Optional<List<?>> rows(Object answer) {
        if (answer instanceof List<?> list && list.stream().allMatch(Map.class::isInstance)) {
            return Optional.of(list);
        }
        return answer instanceof Map<?, ?> map && map.size() == 1
                ? rows(map.values().iterator().next())
                : Optional.empty();
    }

    /** {@code answer} with only those columns, where it is a table. */
    static Object only(List<String> columns, Object answer) {
        return rows(answer)
                .<Object>map(rows -> rows.stream()
                        .map(row -> {
                            var picked = new LinkedHashMap<String, Object>();
                            columns.forEach(column -> picked.put(column, ((Map<?, ?>) row).get(column)));
                            return picked;
                        })
                        .toList())
                .orElse(answer);
    }

    private static void layOut(Object answer, String indent, List<String> lines) {
        Optional<List<?>> rows = rows(answer);
        if (rows.isPresent()) {
            table(rows.get(), indent, lines);
            return;
        }
        switch (answer) {
            case Map<?, ?> map -> map(map, indent, lines);
            case List<?> list -> list.forEach(item -> lines.add(indent + cell(item)));
            default -> lines.add(indent + cell(answer));
        }
    }

    private static void map(Map<?, ?> map, String indent, List<String> lines) {
        int width = map.entrySet().stream()
                .filter(entry -> !nested(entry.getValue()))
                .mapToInt(entry -> entry.getKey().toString().length())
                .max()
                .orElse(0);
        map.forEach((name, value) -> {
            if (nested(value)) {
                lines.add(indent + name);
                layOut(value, indent + GAP, lines);
            } else {
                lines.add((indent + pad(name.toString(), width) + GAP + cell(value)).stripTrailing());
            }
        });
    }

    private static boolean nested(Object value) {
        return value instanceof Map<?, ?> map && !map.isEmpty()
                || value instanceof List<?> list && !list.isEmpty() && list.getFirst() instanceof Map;
    }

    private static void table(List<?> rows, String indent, List<String> lines) {
        var columns = new LinkedHashSet<String>();
        rows.forEach(row -> ((Map<?, ?>) row).keySet().forEach(key -> columns.add(key.toString())));
        var cells = new ArrayList<List<String>>();
        cells.add(columns.stream().map(Text::heading).toList());
        for (Object row : rows) {
            cells.add(columns.stream().map(column -> cell(((Map<?, ?>) row).get(column))).toList());
        }
        int[] widths = new int[columns.size()];
        for (var row : cells) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (var row : cells) {
            var line = new StringBuilder(indent);
            for (int i = 0; i < widths.length; i++) {
                line.append(pad(row.get(i), widths[i])).append(GAP);
            }
            lines.add(line.toString().stripTrailing());
        }
    }

    /** {@code bytesIn} heads its column as {@code BYTES IN}. */
    private static String heading(String column) {
        return column.replaceAll("([a-z0-9])([A-Z])", "$1 $2").toUpperCase(java.util.Locale.ROOT);
    }

    private static String cell(Object value) {
        return switch (value) {
            case null -> "-";
            case String text when text.isEmpty() -> "-";
            case Boolean truth -> truth ? "yes" : "no";
            case Collection<?> list -> list.isEmpty()
                    ? "-"
                    : String.join(", ", list.stream().map(Text::cell).toList());
            case Map<?, ?> map -> map.isEmpty()
                    ? "-"
                    : String.join(
                            ", ",
                            map.entrySet().stream()
                                    .map(entry -> entry.getKey() + "=" + cell(entry.getValue()))
                                    .toList());
            default -> value.toString();
        };
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    /** One log entry as the file sink writes it. */
    static String logLine(Map<?, ?> entry) {
        return entry.get("time") + " " + pad(String.valueOf(entry.get("level")), 5) + " " + entry.get("message")
                + (entry.get("trace") == null ? "" : "\n" + entry.get("trace"));
    }
}
