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
 * @param attributes by id, in the document's order
 */
public record Schema(String pid, boolean factory, Map<String, Attribute> attributes) {
    public Schema {
        attributes = new LinkedHashMap<>(attributes);
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

        boolean secret() {
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
     */
    public record Attribute(
            String id,
            Type type,
            boolean list,
            Optional<String> min,
            Optional<String> max,
            List<String> options,
            List<String> defaults) {}
}
