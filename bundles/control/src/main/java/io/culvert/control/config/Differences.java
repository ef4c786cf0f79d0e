package io.culvert.control.config;

import io.culvert.api.config.ModuleSettings.Difference;
import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Schema.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What changes for the settings of a module when another version of it comes. */
final class Differences {
    private Differences() {}

    /** @param values the settings in force, as typed; empty when there are none */
    static Difference between(String module, Schema old, Schema next, Optional<Node> values) {
        var added = new ArrayList<String>();
        var changed = new ArrayList<String>();
        next.attributes().forEach((id, attribute) -> {
            Attribute before = old.attributes().get(id);
            if (before == null) {
                added.add(id + ", " + words(attribute));
            } else if (!before.takesWhat(attribute)) {
                changed.add(id + ", " + words(attribute) + "; was " + words(before));
            }
        });
        var removed = old.attributes().keySet().stream()
                .filter(id -> !next.attributes().containsKey(id))
                .toList();
        return new Difference(added, removed, changed, invalid(module, next, values));
    }

    private static List<String> invalid(String module, Schema next, Optional<Node> values) {
        var problems = new ArrayList<String>();
        var validation = new Validation(problems);
        if (values.isPresent() && values.get() instanceof Branch branch) {
            if (next.factory()) {
                branch.children().forEach((name, node) -> {
                    if (node instanceof Branch instance) {
                        validation.values(module + "." + name, next, instance);
                    } else if (next.factory()) {
                        problems.add(module + "." + name + " is no instance, and the new version takes instances");
                    }
                });
            } else {
                validation.values(module, next, branch);
            }
        }
        return problems;
    }

    private static String words(Attribute attribute) {
        return (attribute.list() ? "list of " : "") + attribute.type().name().toLowerCase(Locale.ROOT)
                + (attribute.options().isEmpty() ? "" : " " + String.join("|", attribute.options()))
                + attribute.min().map(min -> " from " + min).orElse("")
                + attribute.max().map(max -> " to " + max).orElse("")
                + (attribute.defaults().isEmpty() || attribute.type().secret()
                        ? ""
                        : ", default " + String.join(",", attribute.defaults()));
    }
}
