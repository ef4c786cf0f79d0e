package io.culvert.control.config;

import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Items;
import io.culvert.control.config.Node.Leaf;
import io.culvert.control.config.Schema.Attribute;
import io.culvert.control.config.Schema.Type;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns typed settings into the values that ConfigAdmin takes: {@code String}, boxed numbers and truth values, and
 * arrays of the primitive kind for lists. Gathers every problem, so that one look mends the file.
 */
final class Validation {
    private final List<String> problems;

    Validation(List<String> problems) {
        this.problems = problems;
    }

    /**
     * The values of one configuration.
     *
     * @param path how the settings' parent is addressed, {@code tunnel.openvpn.udp}
     */
    Map<String, Object> values(String path, Schema schema, Branch settings) {
        var values = new LinkedHashMap<String, Object>();
        settings.children().forEach((name, node) -> {
            Attribute attribute = schema.attributes().get(name);
            if (attribute == null) {
                unknown(path, name, node, schema);
                return;
            }
            Object value = value(path + "." + name, attribute, node);
            if (value != null) {
                values.put(name, value);
            }
        });
        return values;
    }

    private void unknown(String path, String name, Node node, Schema schema) {
        var known = schema.attributes().keySet();
        String remedy = known.isEmpty()
                ? "it takes no settings"
                : Values.nearest(name, known)
                        .map(nearest -> "did you mean " + nearest + "?")
                        .orElse("it knows " + String.join(", ", known));
        problems.add(node.at().prefix() + name + " is no setting of " + path + "; " + remedy);
    }

    private @Nullable Object value(String path, Attribute attribute, Node node) {
        if (node instanceof Leaf leaf && leaf.kind() == Leaf.Kind.NOTHING) {
            return null; // nothing typed: the default holds
        }
        if (!attribute.list()) {
            if (node instanceof Leaf leaf) {
                return scalar(path, attribute, leaf);
            }
            problems.add(node.at().prefix() + path + " takes one value, not a "
                    + (node instanceof Items ? "list" : "mapping"));
            return null;
        }
        List<Node> items = node instanceof Items list ? list.items() : List.of(node);
        List<Object> values = new ArrayList<>();
        for (Node item : items) {
            if (!(item instanceof Leaf leaf)) {
                problems.add(item.at().prefix() + path + " takes a list of plain values");
                return null;
            }
            Object value = scalar(path, attribute, leaf);
            if (value == null) {
                return null;
            }
            values.add(value);
        }
        Object array = Array.newInstance(component(attribute.type()), values.size());
        for (int i = 0; i < values.size(); i++) {
            Array.set(array, i, values.get(i));
        }
        return array;
    }

    private @Nullable Object scalar(String path, Attribute attribute, Leaf leaf) {
        Optional<Object> parsed = parse(attribute.type(), leaf.text());
        if (parsed.isEmpty()) {
            return refuse(path, attribute, leaf, "must be " + noun(attribute));
        }
        if (!attribute.options().isEmpty() && !attribute.options().contains(leaf.text())) {
            String list = String.join(", ", attribute.options());
            return refuse(path, attribute, leaf, Values.nearest(leaf.text(), attribute.options())
                    .map(nearest -> "did you mean " + nearest + "? It takes " + list)
                    .orElse("it takes " + list));
        }
        if (!withinRange(attribute, leaf.text())) {
            return refuse(path, attribute, leaf, "must be " + noun(attribute));
        }
        return parsed.get();
    }

    private @Nullable Object refuse(String path, Attribute attribute, Leaf leaf, String remedy) {
        String shown = attribute.type().secret() ? "(hidden)" : leaf.text();
        problems.add(leaf.at().prefix() + path + " = " + shown + ": " + remedy);
        return null;
    }

    private static String noun(Attribute attribute) {
        String noun = switch (attribute.type()) {
            case STRING, PASSWORD -> "text";
            case CHARACTER -> "one character";
            case BOOLEAN -> "true or false";
            case INTEGER, LONG, SHORT, BYTE -> "a whole number";
            case DOUBLE, FLOAT -> "a number";
        };
        String unit = noun.equals("text") ? " characters" : "";
        if (attribute.min().isPresent() && attribute.max().isPresent()) {
            return noun + " from " + attribute.min().get() + " to " + attribute.max().get() + unit;
        }
        return attribute.min().map(min -> noun + " of at least " + min + unit)
                .or(() -> attribute.max().map(max -> noun + " of at most " + max + unit))
                .orElse(noun);
    }

    private static boolean withinRange(Attribute attribute, String text) {
        try {
            BigDecimal measured = switch (attribute.type()) {
                case STRING, PASSWORD -> BigDecimal.valueOf(text.length());
                case INTEGER, LONG, SHORT, BYTE, DOUBLE, FLOAT -> new BigDecimal(text.strip());
                case BOOLEAN, CHARACTER -> null;
            };
            return measured == null
                    || (attribute.min().isEmpty() || measured.compareTo(new BigDecimal(attribute.min().get())) >= 0)
                            && (attribute.max().isEmpty()
                                    || measured.compareTo(new BigDecimal(attribute.max().get())) <= 0);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    static Optional<Object> parse(Type type, String text) {
        try {
            return switch (type) {
                case STRING, PASSWORD -> Optional.of(text);
                case INTEGER -> Optional.of(Integer.valueOf(text.strip()));
                case LONG -> Optional.of(Long.valueOf(text.strip()));
                case SHORT -> Optional.of(Short.valueOf(text.strip()));
                case BYTE -> Optional.of(Byte.valueOf(text.strip()));
                case DOUBLE -> Optional.of(Double.valueOf(text.strip()));
                case FLOAT -> Optional.of(Float.valueOf(text.strip()));
                case CHARACTER -> text.length() == 1 ? Optional.of(text.charAt(0)) : Optional.empty();
                case BOOLEAN -> Values.parseBoolean(text).map(Object.class::cast);
            };
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Class<?> component(Type type) {
        return switch (type) {
            case STRING, PASSWORD -> String.class;
            case INTEGER -> int.class;
            case LONG -> long.class;
            case SHORT -> short.class;
            case BYTE -> byte.class;
            case DOUBLE -> double.class;
            case FLOAT -> float.class;
            case CHARACTER -> char.class;
            case BOOLEAN -> boolean.class;
        };
    }
}
