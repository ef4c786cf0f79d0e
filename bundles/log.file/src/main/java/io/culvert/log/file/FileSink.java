package io.culvert.log.file;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import io.culvert.log.support.Bounds;
import io.culvert.log.support.Json;
import io.culvert.log.support.SinkHealth;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Writes to {@code var/log/culvert.log}. */
@Component(
        configurationPid = FileSink.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        service = LogSink.class)
@Designate(ocd = FileSink.Settings.class)
public final class FileSink implements LogSink {
    static final String PID = "io.culvert.log.file";

    private static final long MEGABYTE = 1 << 20;

    /** The settings. */
    @ObjectClassDefinition(name = "Log to files")
    public @interface Settings {
        /** Also the service property that the log hub reads. */
        @AttributeDefinition(
                description = "The least level that is written",
                options = {
                    @Option(value = "error", label = "error"),
                    @Option(value = "warn", label = "warn"),
                    @Option(value = "info", label = "info"),
                    @Option(value = "debug", label = "debug"),
                    @Option(value = "trace", label = "trace")
                })
        String level() default "info";

        @AttributeDefinition(description = "A file is set aside at this size, in MiB", min = "1", max = "1024")
        int maxMegabytes() default 10;

        @AttributeDefinition(description = "How many files are kept, the current one included", min = "1", max = "100")
        int files() default 5;

        @AttributeDefinition(description = "A file is set aside after so many hours; 0 for no limit", min = "0", max = "8760")
        int rotateHours() default 0;

        @AttributeDefinition(
                description = "Older files go when they were last written so many days ago; 0 for no limit",
                min = "0",
                max = "3650")
        int retainDays() default 0;

        @AttributeDefinition(
                description = "Lines for people, or a JSON object on each line",
                options = {@Option(value = "text", label = "text"), @Option(value = "json", label = "json")})
        String format() default "text";

        @AttributeDefinition(
                description = "Who may read the files: their owner, or their group as well",
                options = {@Option(value = "0600", label = "0600"), @Option(value = "0640", label = "0640")})
        String mode() default "0640";
    }

    private final Path path;
    private final RotatingFile file;
    private final boolean json;
    private volatile long written;

    private @Nullable ServiceRegistration<HealthCheck> health;

    @Activate
    public FileSink(Settings settings, BundleContext context) {
        this(settings, Path.of(context.getProperty("culvert.home")).resolve("var/log/culvert.log"));
        health = context.registerService(
                HealthCheck.class, new SinkHealth("log.file", this::status), new Hashtable<>());
    }

    FileSink(Settings settings, Path path) {
        this(path, limits(settings), mode(settings.mode()), json(settings.format()), InstantSource.system());
    }

    FileSink(
            Path path,
            RotatingFile.Limits limits,
            Set<PosixFilePermission> mode,
            boolean json,
            InstantSource clock) {
        this.path = path;
        this.json = json;
        file = new RotatingFile(path, limits, mode, clock);
    }

    private static RotatingFile.Limits limits(Settings settings) {
        return new RotatingFile.Limits(
                Bounds.within(PID, "maxMegabytes", settings.maxMegabytes(), 1, 1024) * MEGABYTE,
                Bounds.within(PID, "files", settings.files(), 1, 100) - 1,
                Duration.ofHours(Bounds.within(PID, "rotateHours", settings.rotateHours(), 0, 8760)),
                Duration.ofDays(Bounds.within(PID, "retainDays", settings.retainDays(), 0, 3650)));
    }

    private static Set<PosixFilePermission> mode(String mode) {
        return switch (mode) {
            case "0600", "600" -> PosixFilePermissions.fromString("rw-------");
            case "0640", "640" -> PosixFilePermissions.fromString("rw-r-----");
            default -> throw new ConfigException(PID, "mode", mode, "must be \"0600\" or \"0640\"");
        };
    }

    private static boolean json(String format) {
        return switch (format) {
            case "json" -> true;
            case "text" -> false;
            default -> throw new ConfigException(PID, "format", format, "must be text or json");
        };
    }

    @Override
    public String name() {
        return "file";
    }

    Map<String, Object> status() {
        return Map.of("path", path.toString(), "written", written);
    }

    @Override
    public void write(List<LogRecord> entries) throws IOException {
        var text = new StringBuilder();
        for (LogRecord entry : entries) {
            if (json) {
                text.append(Json.entry(entry)).append('\n');
            } else {
                append(text, entry);
            }
        }
        file.append(text.toString());
        written += entries.size();
    }

    private static void append(StringBuilder text, LogRecord entry) {
        text.append("%s %-5s %s %s\n"
                .formatted(
                        entry.time(),
                        entry.level().name().toLowerCase(Locale.ROOT),
                        entry.module(),
                        entry.message()));
        // Indented, so that only entries begin at the left.
        entry.trace().ifPresent(trace -> trace.lines().forEach(line -> text.append("    ").append(line).append('\n')));
    }

    @Deactivate
    void deactivate() throws IOException {
        if (health != null) {
            health.unregister();
        }
        file.close();
    }
}
