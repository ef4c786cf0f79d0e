package io.culvert.web.rest.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Checks JSON against the part of JSON Schema that the API's description uses. */
final class Conforming {
    private final Map<?, ?> schemas;
    private final List<String> problems = new ArrayList<>();

    Conforming(Map<?, ?> schemas) {
        this.schemas = schemas;
    }

    List<String> check(String schema, Object value) {
        problems.clear();
        check("", (Map<?, ?>) schemas.get(schema), value);
        return List.copyOf(problems);
    }

    private void check(String path, Map<?, ?> schema, Object value) {
        if (schema.get("$ref") instanceof String reference) {
            check(path, (Map<?, ?>) schemas.get(reference.substring(reference.lastIndexOf('/') + 1)), value);
        } else if (schema.get("oneOf") instanceof List<?> choices) {
            if (value != null) {
                check(path, (Map<?, ?>) choices.getFirst(), value);
            }
        } else if (schema.get("type") != null) {
            typed(path, schema, value);
        }
    }

    private void typed(String path, Map<?, ?> schema, Object value) {
        List<?> types = schema.get("type") instanceof List<?> list ? list : List.of(schema.get("type"));
        if (!types.contains(type(value)) && !(type(value).equals("integer") && types.contains("number"))) {
            problems.add(path + " is " + type(value) + ", not " + types);
            return;
        }
        if (value instanceof Map<?, ?> object) {
            object(path, schema, object);
        } else if (value instanceof List<?> items && schema.get("items") instanceof Map<?, ?> each) {
            items.forEach(item -> check(path + "[]", each, item));
        }
    }

    private void object(String path, Map<?, ?> schema, Map<?, ?> object) {
        Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> map ? map : Map.of();
        if (schema.get("required") instanceof List<?> required) {
            required.stream().filter(name -> !object.containsKey(name)).forEach(name -> problems.add(path + "." + name + " is missing"));
        }
        object.forEach((name, value) -> {
            if (properties.get(name) instanceof Map<?, ?> each) {
                check(path + "." + name, each, value);
            } else if (schema.get("additionalProperties") instanceof Map<?, ?> each) {
                check(path + "." + name, each, value);
            } else {
                problems.add(path + "." + name + " is not described");
            }
        });
    }

    private static String type(Object value) {
        return switch (value) {
            case null -> "null";
            case String _ -> "string";
            case Boolean _ -> "boolean";
            case Integer _, Long _ -> "integer";
            case Number _ -> "number";
            case List<?> _ -> "array";
            default -> "object";
        };
    }
}
