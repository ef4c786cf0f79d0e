package io.culvert.log.support;

import io.culvert.api.status.HealthCheck;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A sink's part of the status.
 *
 * @param name the module's id, which is not the sink's name
 */
public record SinkHealth(String name, Supplier<Map<String, Object>> facts) implements HealthCheck {
    @Override
    public Map<String, Object> status() {
        return facts.get();
    }
}
