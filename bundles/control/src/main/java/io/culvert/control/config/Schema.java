package io.culvert.control.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a module's settings may be, from its Metatype document.
 *
 * @param pid the configuration that takes the settings
 * @param factory whether the module has named instances
 * @param name for people; may be empty
 * @param description for people; may be empty
 * @param attributes by id, in the document's order
 */
public record Schema(String pid, boolean factory, String name, String description, Map<String, Attribute> attributes) {
    public Schema {
        attributes = new LinkedHashMap<>(attributes);
    }

    /** A schema that nobody has described. */
    public Schema(String pid, boolean factory, Map<String, Attribute> attributes) {
        this(pid, factory, "", "", attributes);
    }

    /** A module that takes no settings. */
    static Schema none(String pid) {
        return new Schema(pid, false, Map.of());
    }

    public enum Type {
        STRING,
        PASSWORD,
        INTEGER,
        LONG,
        SHORT,
        BYTE,
        CHARACTER,
        DOUBLE,
        FLOAT,
        BOOLEAN;

        /** Whether its values are shown to nobody. */
        public boolean secret() {
            return this == PASSWORD;
        }
    }

    /**
     * One setting.
     *
     * @param list whether it holds several values
     * @param min the least number, or the least length of a string
     * @param max the greatest number, or the greatest length of a string
     * @param options the only values accepted; empty for any
     * @param defaults as text; empty when there is none
     * @param words what people read
     */
    public record Attribute(
            String id,
            Type type,
            boolean list,
            Optional<String> min,
            Optional<String> max,
            List<String> options,
            List<String> defaults,
            Words words) {
        /** A setting that nobody has described. */
        public Attribute(
                String id,
                Type type,
                boolean list,
                Optional<String> min,
                Optional<String> max,
                List<String> options,
                List<String> defaults) {
            this(id, type, list, min, max, options, defaults, new Words(id, "", List.of(), false));
        }

        /** Whether the values are the same ones, whatever people read of them. */
        boolean takesWhat(Attribute other) {
            return new Attribute(id, type, list, min, max, options, defaults, other.words).equals(other);
        }
    }

    /**
     * What people read of a setting.
     *
     * @param labels of the options, in their order
     * @param required whether it must be set
     */
    public record Words(String name, String description, List<String> labels, boolean required) {}
}
