package io.culvert.core.plug;

import io.culvert.api.command.Command;
import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/** {@code status}: what every part says of itself. */
final class StatusCommand implements Command {
    private final BundleContext context;

    StatusCommand(BundleContext context) {
        this.context = context;
    }

    @Override
    public String name() {
        return "status";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) {
        Map<String, Object> parts = new TreeMap<>();
        try {
            for (ServiceReference<HealthCheck> reference :
                    context.getServiceReferences(HealthCheck.class, null)) {
                HealthCheck part = context.getService(reference);
                if (part != null) {
                    try {
                        parts.put(part.name(), part.status());
                    } catch (RuntimeException | LinkageError e) {
                        parts.put(reference.getBundle().getSymbolicName(), Map.of("error", String.valueOf(e)));
                    } finally {
                        context.ungetService(reference);
                    }
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("version", context.getBundle().getVersion().toString());
        answer.putAll(parts);
        return answer;
    }
}
