package io.culvert.web.rest.openapi;

import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schema (draft 2020-12) of records: of what a record's components can be, each record under its simple name. What
 * may be null says so; of a request it may also be left out.
 */
final class Schemas {
    /** Of what nobody can describe from its type. */
    private static final Map<String, Object> ANYTHING = Map.of();

    private final Map<String, Object> named = new TreeMap<>();
    private final Map<String, Class<?>> owners = new TreeMap<>();

    /** By name, for {@code components/schemas}. */
    Map<String, Object> named() {
        return named;
    }

    /** A reference to the schema of {@code record}. */
    Map<String, Object> reference(Class<?> record) {
        String name = name(record);
        Class<?> owner = owners.putIfAbsent(name, record);
        if (owner == null) {
            // Its place is taken before its parts are looked at: they may lead back.
            named.put(name, Map.of());
            named.put(name, schema(record));
        } else if (owner != record) {
            throw new IllegalArgumentException("two shapes are named " + name + ": " + owner.getName() + " and " + record.getName());
        }
        return Map.of("$ref", "#/components/schemas/" + name);
    }

    /** Those of the appliance's resources are the API's own words; others are named after the class around them too. */
    private static String name(Class<?> record) {
        Class<?> outer = record.getEnclosingClass();
        boolean own = outer == null || record.getPackageName().startsWith("io.culvert.web.rest.resource")
                || record.getPackageName().equals(Schemas.class.getPackageName());
        return own ? record.getSimpleName() : outer.getSimpleName() + record.getSimpleName();
    }

    private Map<String, Object> schema(Class<?> type) {
        var properties = new LinkedHashMap<String, Object>();
        List<String> required = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            boolean nullable = nullable(component.getAnnotatedType());
            Map<String, Object> schema = of(component.getAnnotatedType());
            properties.put(component.getName(), schema);
            if (!nullable) {
                required.add(component.getName());
            }
        }
        var schema = new LinkedHashMap<String, Object>();
        schema.put("type", "object");
        schema.put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        return schema;
    }

    private static boolean nullable(AnnotatedType type) {
        return type.isAnnotationPresent(Nullable.class);
    }

    private Map<String, Object> of(AnnotatedType annotated) {
        Map<String, Object> schema = new LinkedHashMap<>(plain(annotated));
        if (nullable(annotated)) {
            Object type = schema.get("type");
            return type == null
                    ? new LinkedHashMap<>(Map.of("oneOf", List.of(schema, Map.of("type", "null"))))
                    : with(schema, "type", List.of(type, "null"));
        }
        return schema;
    }

    private static Map<String, Object> with(Map<String, Object> schema, String name, Object value) {
        schema.put(name, value);
        return schema;
    }

    private Map<String, Object> plain(AnnotatedType annotated) {
        Type type = annotated.getType();
        if (type instanceof ParameterizedType parameterized && annotated instanceof AnnotatedParameterizedType parts) {
            AnnotatedType[] arguments = parts.getAnnotatedActualTypeArguments();
            Class<?> raw = (Class<?>) parameterized.getRawType();
            if (raw == List.class || raw == Set.class) {
                return Map.of("type", "array", "items", of(arguments[0]));
            }
            if (raw == Map.class) {
                return Map.of("type", "object", "additionalProperties", of(arguments[1]));
            }
            if (raw == Optional.class) {
                return of(arguments[0]);
            }
            return ANYTHING;
        }
        return type instanceof Class<?> raw ? raw(raw) : ANYTHING;
    }

    private Map<String, Object> raw(Class<?> raw) {
        if (raw == String.class) {
            return Map.of("type", "string");
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return Map.of("type", "boolean");
        }
        if (raw == int.class || raw == Integer.class) {
            return Map.of("type", "integer", "format", "int32");
        }
        if (raw == long.class || raw == Long.class) {
            return Map.of("type", "integer", "format", "int64");
        }
        if (raw == double.class || raw == Double.class) {
            return Map.of("type", "number", "format", "double");
        }
        if (raw == java.time.Instant.class) {
            return Map.of("type", "string", "format", "date-time");
        }
        if (raw.isEnum()) {
            return Map.of("type", "string", "enum", Arrays.stream(raw.getEnumConstants()).map(Object::toString).toList());
        }
        if (raw.isRecord()) {
            return reference(raw);
        }
        if (raw == Object.class) {
            return Map.of();
        }
        if (raw == Map.class) {
            return Map.of("type", "object");
        }
        if (raw == List.class) {
            return Map.of("type", "array", "items", Map.of());
        }
        return ANYTHING;
    }
}
