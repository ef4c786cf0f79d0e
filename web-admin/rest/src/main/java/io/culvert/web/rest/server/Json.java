package io.culvert.web.rest.server;

import io.culvert.api.web.Problem;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/** JSON as the API speaks it: records in and out, times in ISO 8601, nothing unknown, nothing guessed. */
public final class Json {
    private static final int MAX_DEPTH = 32;

    private final ObjectMapper mapper = JsonMapper.builder(JsonFactory.builder()
                    // No buffers in the threads of others, which outlive this bundle.
                    .recyclerPool(JsonRecyclerPools.newBoundedPool(16))
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DateTimeFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .withCoercionConfig(LogicalType.Textual, text -> text
                    .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    public byte[] write(Object value) {
        return mapper.writeValueAsBytes(value);
    }

    public String text(Object value) {
        return mapper.writeValueAsString(value);
    }

    public <T> T read(byte[] json, Class<T> type) throws JacksonException {
        return mapper.readValue(json, type);
    }

    /**
     * A body.
     *
     * @throws Problem 400 naming what is wrong, without repeating the value
     */
    public <T> T body(InputStream json, Class<T> type) throws Problem {
        try {
            T value = mapper.readValue(json, type);
            if (value == null) {
                throw Problem.badRequest("the body must be a JSON object");
            }
            if (value instanceof Record && type.getClassLoader() == Json.class.getClassLoader()) {
                complete(value);
            }
            return value;
        } catch (DatabindException e) {
            String field = e.getPath().stream()
                    .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                    .collect(Collectors.joining("."));
            throw field.isEmpty()
                    ? Problem.badRequest("the body is not the JSON that is expected here")
                    : Problem.field(field, "is unknown or has a value of the wrong kind");
        } catch (JacksonException e) {
            throw Problem.badRequest("the body is not valid JSON");
        }
    }

    /** What is not marked as nullable has to be there; other bundles' marks cannot be seen from here. */
    private static void complete(Object value) throws Problem {
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true);
                if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)
                        && component.getAccessor().invoke(value) == null) {
                    throw Problem.field(component.getName(), "is missing");
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
