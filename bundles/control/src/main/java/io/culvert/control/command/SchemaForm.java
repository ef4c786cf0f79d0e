package io.culvert.control.command;

import io.culvert.control.config.Schema;
import io.culvert.control.config.Schema.Attribute;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A module's Metatype as JSON Schema (draft 2020-12). {@code x-order} is the place in a form, {@code x-labels} names the
 * values of {@code enum}; a secret is {@code writeOnly}.
 */
final class SchemaForm {
    private SchemaForm() {}

    static Map<String, Object> json(String module, Schema schema) {
        var properties = new LinkedHashMap<String, Object>();
        List<String> required = new ArrayList<>();
        for (Attribute attribute : schema.attributes().values()) {
            properties.put(attribute.id(), property(attribute, properties.size()));
            if (attribute.words().required()) {
                required.add(attribute.id());
            }
        }
        var form = new LinkedHashMap<String, Object>();
        form.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        form.put("type", "object");
        form.put("properties", properties);
        form.put("required", required);
        form.put("additionalProperties", true);
        var answer = new LinkedHashMap<String, Object>();
        answer.put("module", module);
        answer.put("name", schema.name().isEmpty() ? module : schema.name());
        answer.put("description", schema.description());
        answer.put("factory", schema.factory());
        answer.put("schema", form);
        return answer;
    }

    private static Map<String, Object> property(Attribute attribute, int order) {
        Map<String, Object> value = value(attribute);
        var property = new LinkedHashMap<String, Object>();
        if (attribute.list()) {
            property.put("type", "array");
            property.put("items", value);
        } else {
            property.putAll(value);
        }
        property.put("title", attribute.words().name());
        property.put("description", attribute.words().description());
        List<Object> defaults =
                attribute.defaults().stream().map(text -> typed(attribute, text)).toList();
        if (attribute.type().secret()) {
            property.put("writeOnly", true);
        } else if (attribute.list()) {
            property.put("default", defaults);
        } else if (!defaults.isEmpty()) {
            property.put("default", defaults.getFirst());
        }
        property.put("x-order", order);
        return property;
    }

    private static Map<String, Object> value(Attribute attribute) {
        var value = new LinkedHashMap<String, Object>();
        boolean text = false;
        switch (attribute.type()) {
            case BOOLEAN -> value.put("type", "boolean");
            case INTEGER, LONG, SHORT, BYTE -> value.put("type", "integer");
            case DOUBLE, FLOAT -> value.put("type", "number");
            case CHARACTER -> {
                value.put("type", "string");
                value.put("minLength", 1);
                value.put("maxLength", 1);
            }
            case STRING, PASSWORD -> {
                value.put("type", "string");
                text = true;
            }
        }
        @Nullable Object min = attribute.min().map(SchemaForm::number).orElse(null);
        @Nullable Object max = attribute.max().map(SchemaForm::number).orElse(null);
        if (min != null) {
            value.put(text ? "minLength" : "minimum", min);
        }
        if (max != null) {
            value.put(text ? "maxLength" : "maximum", max);
        }
        if (!attribute.options().isEmpty()) {
            value.put("enum", attribute.options().stream().map(option -> typed(attribute, option)).toList());
            value.put("x-labels", attribute.words().labels());
        }
        return value;
    }

    private static Object typed(Attribute attribute, String text) {
        return switch (attribute.type()) {
            case BOOLEAN -> Boolean.valueOf(text);
            case INTEGER, LONG, SHORT, BYTE, DOUBLE, FLOAT -> number(text);
            case STRING, PASSWORD, CHARACTER -> text;
        };
    }

    /** Text that is no number stays text: the document is the module's own. */
    private static Object number(String text) {
        try {
            var number = new BigDecimal(text.strip());
            return number.scale() <= 0 ? (Object) number.longValueExact() : (Object) number.doubleValue();
        } catch (ArithmeticException | NumberFormatException e) {
            return text;
        }
    }
}
