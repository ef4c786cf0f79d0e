package io.culvert.api.status;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/** A part that shows its counters and its health in {@code culvert status}. Called by any thread; must not block. */
@ConsumerType
public interface HealthCheck {
    /** The part's name in the status: {@code core}, {@code pki}. */
    String name();

    /** Counters and facts as JSON can hold them, in the order to show. */
    Map<String, Object> status();
}
