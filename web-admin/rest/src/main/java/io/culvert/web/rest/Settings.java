package io.culvert.web.rest;

import io.culvert.api.command.Command;
import io.culvert.web.rest.access.Guard;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets the console's own settings back, as the command line would. */
final class Settings {
    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    private Settings() {}

    /** Only what differs; each change starts the console anew. */
    static void restore(BundleContext context, Guard.Place now, Guard.Place before) {
        var values = new LinkedHashMap<String, String>();
        if (!now.address().equals(before.address())) {
            values.put("address", quoted(before.address()));
        }
        if (now.port() != before.port()) {
            values.put("port", Integer.toString(before.port()));
        }
        if (!now.names().equals(before.names())) {
            values.put("names", before.names().stream().map(Settings::quoted).collect(Collectors.joining(", ", "[", "]")));
        }
        try {
            // The bundle's context may end with the first change, what it found before does not.
            Command set = command(context);
            for (var entry : values.entrySet()) {
                set.run(Map.of("path", "web.rest." + entry.getKey(), "value", entry.getValue()), _ -> true);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.error("web: cannot go back to {} port {}, {}", before.address(), before.port(), e.getMessage());
        }
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    private static Command command(BundleContext context) throws InvalidSyntaxException {
        for (ServiceReference<Command> reference : context.getServiceReferences(Command.class, null)) {
            Command command = context.getService(reference);
            if (command != null && command.name().equals("config set")) {
                return command;
            }
        }
        throw new IllegalStateException("nobody answers config set");
    }
}
