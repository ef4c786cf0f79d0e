package io.culvert.log.file;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Writes to {@code var/log/culvert.log}, for root and the file's group. */
@Component(configurationPid = FileSink.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
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
    }

    private final RotatingFile file;

    @Activate
    public FileSink(Settings settings, BundleContext context) {
        this(settings, Path.of(context.getProperty("culvert.home")).resolve("var/log/culvert.log"));
    }

    FileSink(Settings settings, Path path) {
        this(path, within("maxMegabytes", settings.maxMegabytes(), 1024) * MEGABYTE, within("files", settings.files(), 100));
    }

    FileSink(Path path, long maxBytes, int files) {
        file = new RotatingFile(path, maxBytes, files - 1);
    }

    private static int within(String attribute, int value, int max) {
        if (value < 1 || value > max) {
            throw new ConfigException(PID, attribute, value, "must be from 1 to " + max);
        }
        return value;
    }

    @Override
    public String name() {
        return "file";
    }

    @Override
    public void write(List<LogRecord> entries) throws IOException {
        var text = new StringBuilder();
        entries.forEach(entry -> append(text, entry));
        file.append(text.toString());
    }

    private static void append(StringBuilder text, LogRecord entry) {
        text.append("%s %-5s %s %s%n"
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
        file.close();
    }
}
