package io.culvert.web.rest;

import io.culvert.api.command.Command;
import io.culvert.web.rest.access.Guard;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets the console's own settings back, as the command line would. */
final class Settings {
    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    private Settings() {}

    /** Only what differs, in one change: certificate and key hold together only. */
    static void restore(BundleContext context, Guard.Place now, Guard.Place before) {
        Map<String, Object> values = differences(now, before);
        if (values.isEmpty()) {
            return;
        }
        try {
            command(context, "config edit")
                    .orElseThrow(() -> new IllegalStateException("nobody answers config edit"))
                    .run(Map.of("module", "web.rest", "values", values), _ -> true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.error("web: cannot go back to {} port {}, {}", before.address(), before.port(), e.getMessage());
        }
    }

    static Map<String, Object> differences(Guard.Place now, Guard.Place before) {
        var values = new LinkedHashMap<String, Object>();
        put(values, "address", now.address(), before.address());
        put(values, "port", now.port(), before.port());
        put(values, "names", now.names(), before.names());
        put(values, "certificateFile", now.certificateFile(), before.certificateFile());
        put(values, "keyFile", now.keyFile(), before.keyFile());
        return values;
    }

    private static void put(Map<String, Object> values, String name, Object now, Object before) {
        if (!now.equals(before)) {
            values.put(name, before);
        }
    }

    /** The command of a name, as of now. */
    static Optional<Command> command(BundleContext context, String name) {
        try {
            for (ServiceReference<Command> reference : context.getServiceReferences(Command.class, null)) {
                Command command = context.getService(reference);
                if (command != null && command.name().equals(name)) {
                    return Optional.of(command);
                }
            }
            return Optional.empty();
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
