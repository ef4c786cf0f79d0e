package io.culvert.control.config;

import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Items;
import io.culvert.control.config.Node.Leaf;
import io.culvert.control.config.Node.Place;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Between typed text, JSON values and nodes. */
public final class Values {
    private Values() {}

    /** The words that YAML 1.1 takes for a truth value. */
    static Optional<Boolean> parseBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> Optional.of(true);
            case "false", "no", "off" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** The inverse of {@link Node#plain}. */
    public static Node node(@Nullable Object plain, Place at) {
        return switch (plain) {
            case Map<?, ?> map -> {
                var children = new LinkedHashMap<String, Node>();
                map.forEach((name, value) -> children.put(String.valueOf(name), node(value, at)));
                yield new Branch(children, at);
            }
            case Collection<?> list -> {
                var items = new ArrayList<Node>();
                list.forEach(item -> items.add(node(item, at)));
                yield new Items(items, at);
            }
            case Boolean truth -> new Leaf(truth.toString(), Leaf.Kind.BOOLEAN, at);
            case Double number -> new Leaf(number.toString(), Leaf.Kind.DECIMAL, at);
            case Float number -> new Leaf(number.toString(), Leaf.Kind.DECIMAL, at);
            case Number number -> new Leaf(number.toString(), Leaf.Kind.INTEGER, at);
            case null -> new Leaf("", Leaf.Kind.NOTHING, at);
            default -> new Leaf(plain.toString(), Leaf.Kind.TEXT, at);
        };
    }

    /** {@code node} with another place, all of it. */
    static Node placed(Node node, Place at) {
        return switch (node) {
            case Branch(var children, _) -> {
                var moved = new LinkedHashMap<String, Node>();
                children.forEach((name, child) -> moved.put(name, placed(child, at)));
                yield new Branch(moved, at);
            }
            case Items(var items, _) ->
                new Items(items.stream().map(item -> placed(item, at)).toList(), at);
            case Leaf(var text, var kind, _) -> new Leaf(text, kind, at);
        };
    }

    /** The candidate most like {@code word}, if one is near enough to be a slip of the finger. */
    public static Optional<String> nearest(String word, Collection<String> candidates) {
        String best = null;
        int bestDistance = Math.max(2, word.length() / 3) + 1;
        for (String candidate : candidates) {
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Levenshtein distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
