package io.culvert.log.console;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import java.time.ZoneId;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Writes to standard error. */
@Component(configurationPid = "io.culvert.log.console", configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = ConsoleSink.Settings.class)
public final class ConsoleSink implements LogSink {
    /** The settings. */
    @ObjectClassDefinition(name = "Log to the terminal")
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
    }

    private final ConsoleLines lines =
            new ConsoleLines(System.getenv("JOURNAL_STREAM") != null, ZoneId.systemDefault());

    @Activate
    public ConsoleSink(Settings settings) {}

    @Override
    public String name() {
        return "console";
    }

    @Override
    public void write(List<LogRecord> entries) {
        var text = new StringBuilder();
        entries.forEach(entry -> text.append(lines.line(entry)).append('\n'));
        System.err.print(text);
        System.err.flush();
    }
}
