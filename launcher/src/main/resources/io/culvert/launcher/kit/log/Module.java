package @package@;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Appends entries to a file of its own. Replace that by where your entries should go. */
@Component(
        service = {LogSink.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements LogSink, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "The least level that is written: error, warn, info, debug or trace.")
        String level() default "info";

        @AttributeDefinition(description = "The file's name below var/log.")
        String file() default "@name@.log";
    }

    private final Path file;
    private final LongAdder written = new LongAdder();

    @Activate
    public @Class@(BundleContext context, Settings settings) {
        this(Path.of(context.getProperty("culvert.home"), "var", "log"), settings);
    }

    @Class@(Path directory, Settings settings) {
        if (settings.file().isEmpty() || settings.file().contains("/")) {
            throw new ConfigException("io.culvert.@id@", "file", settings.file(), "a file's name, without a path");
        }
        file = directory.resolve(settings.file());
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public void write(List<LogRecord> entries) throws IOException {
        List<String> lines = entries.stream()
                .map(entry -> entry.time() + " " + entry.level() + " " + entry.message())
                .toList();
        Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        written.add(entries.size());
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("written", written.sum());
    }
}
