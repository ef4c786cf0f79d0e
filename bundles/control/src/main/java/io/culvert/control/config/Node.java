package io.culvert.control.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A part of the settings as it was typed, with its place. A leaf keeps its text, because only the setting's type tells
 * whether {@code 0755} is a number or a word.
 */
public sealed interface Node {
    Place at();

    /** The node as JSON can hold it: ordered maps, lists, strings, numbers, booleans; null where nothing was typed. */
    @Nullable Object plain();

    /**
     * Where a node was typed.
     *
     * @param source a file's name, or what else the text came from
     * @param line from 1; 0 when the source has no lines
     */
    record Place(String source, int line, int column) {
        static final Place COMMAND = new Place("", 0, 0);

        /** Starts a message: {@code etc/culvert.yaml line 3 column 5: }, or nothing for a command. */
        public String prefix() {
            if (line > 0) {
                return source + " line " + line + " column " + column + ": ";
            }
            return source.isEmpty() ? "" : source + ": ";
        }
    }

    /** Named parts, in the order in which they were typed. */
    record Branch(Map<String, Node> children, Place at) implements Node {
        public Branch {
            children = Collections.unmodifiableMap(new LinkedHashMap<>(children));
        }

        @Override
        public Map<String, Object> plain() {
            var result = new LinkedHashMap<String, Object>();
            children.forEach((name, child) -> result.put(name, child.plain()));
            return result;
        }
    }

    record Items(List<Node> items, Place at) implements Node {
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public List<Object> plain() {
            var result = new ArrayList<Object>();
            items.forEach(item -> result.add(item.plain()));
            return result;
        }
    }

    /** @param text without quotes and escapes */
    record Leaf(String text, Kind kind, Place at) implements Node {
        /** What YAML makes of the text when nobody knows better. */
        public enum Kind {
            TEXT,
            INTEGER,
            DECIMAL,
            BOOLEAN,
            NOTHING
        }

        @Override
        public @Nullable Object plain() {
            return switch (kind) {
                case BOOLEAN -> Values.parseBoolean(text).orElse(false);
                case INTEGER -> integer();
                case DECIMAL -> decimal();
                case TEXT -> text;
                case NOTHING -> null;
            };
        }

        private Object integer() {
            try {
                Long number = Long.valueOf(text);
                return number.toString().equals(text) ? number : text;
            } catch (NumberFormatException e) {
                return text; // octal, binary and base 60 stay as they were typed
            }
        }

        private Object decimal() {
            try {
                Double number = Double.valueOf(text);
                return number.toString().equals(text) ? number : text;
            } catch (NumberFormatException e) {
                return text;
            }
        }
    }
}
