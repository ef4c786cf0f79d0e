package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.WebRequest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All settings in force at one moment, by path, for the audit log. Secrets have no value in it. */
record InForce(Map<String, String> values) {
    /** What the control module shows in place of a secret. */
    private static final String HIDDEN = "(hidden)";

    static InForce now(Commands commands) throws InterruptedException {
        var values = new TreeMap<String, String>();
        try {
            if (commands.has("config get")) {
                flatten("", commands.run("config get", Map.of()), values);
            }
        } catch (Problem e) {
            // The settings cannot be read, and then not changed either.
        }
        return new InForce(values);
    }

    private static void flatten(String path, @Nullable Object value, Map<String, String> into) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, below) -> flatten(path.isEmpty() ? key.toString() : path + "." + key, below, into));
        } else if (value instanceof Collection<?> list) {
            into.put(path, list.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        } else if (value != null) {
            into.put(path, value.toString());
        }
    }

    /** Tells the audit log in what {@code after} differs; {@code given} are paths that were set, secret or not. */
    void toldTo(WebRequest request, InForce after, List<String> given) {
        var paths = new TreeSet<>(values.keySet());
        paths.addAll(after.values.keySet());
        for (String path : paths) {
            String before = values.getOrDefault(path, "");
            String now = after.values.getOrDefault(path, "");
            if (isSecret(before) || isSecret(now)) {
                if (given.contains(path) || !before.equals(now)) {
                    request.changedSecret(path);
                }
            } else {
                request.changed(path, before, now);
            }
        }
    }

    private static boolean isSecret(String value) {
        return value.equals(HIDDEN);
    }
}
