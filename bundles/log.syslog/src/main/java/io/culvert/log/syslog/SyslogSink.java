package io.culvert.log.syslog;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import io.culvert.log.support.Bounds;
import io.culvert.log.support.HostName;
import io.culvert.log.support.SinkHealth;
import io.culvert.log.support.link.DatagramLink;
import io.culvert.log.support.link.Link;
import io.culvert.log.support.link.StreamLink;
import io.culvert.log.support.link.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/** Sends log entries to a syslog receiver. */
@Component(
        configurationPid = SyslogSink.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        service = LogSink.class)
@Designate(ocd = SyslogSink.Settings.class)
public final class SyslogSink implements LogSink {
    static final String PID = "io.culvert.log.syslog";

    /** What every receiver takes (RFC 5424 section 6.1). */
    private static final int LEAST_MAX_BYTES = 480;

    private static final int DATAGRAM_BYTES = 2048;
    private static final int STREAM_BYTES = 8192;

    /** The settings. */
    @ObjectClassDefinition(name = "Log to syslog")
    public @interface Settings {
        /** Also the service property that the log hub reads. */
        @AttributeDefinition(
                description = "The least level that is sent",
                options = {
                    @Option(value = "error", label = "error"),
                    @Option(value = "warn", label = "warn"),
                    @Option(value = "info", label = "info"),
                    @Option(value = "debug", label = "debug"),
                    @Option(value = "trace", label = "trace")
                })
        String level() default "info";

        @AttributeDefinition(
                description = "How messages travel; over udp they can be lost unseen",
                options = {
                    @Option(value = "udp", label = "udp"),
                    @Option(value = "tcp", label = "tcp"),
                    @Option(value = "tls", label = "tls")
                })
        String transport() default "udp";

        @AttributeDefinition(description = "The receiver's name or address")
        String host() default "localhost";

        @AttributeDefinition(
                description = "The receiver's port; 0 for 514 with udp, 601 with tcp and 6514 with tls",
                min = "0",
                max = "65535")
        int port() default 0;

        @AttributeDefinition(description = "kern, user, mail, daemon, auth, ... or local0 to local7")
        String facility() default "daemon";

        @AttributeDefinition(description = "The sender's name in messages")
        String appName() default "culvert";

        @AttributeDefinition(description = "This machine's name in messages; empty for the one it has")
        String hostName() default "";

        @AttributeDefinition(description = "Name of the structured data, NAME@ENTERPRISE-NUMBER")
        String dataId() default "culvert@32473";

        @AttributeDefinition(
                description = "The longest message in bytes, from 480; a longer one loses its end. 0 for 2048 with udp and 8192 otherwise",
                min = "0",
                max = "65000")
        int maxBytes() default 0;

        @AttributeDefinition(description = "tls: PEM file of the authorities to trust; empty for those of the Java runtime")
        String trust() default "";

        @AttributeDefinition(description = "tls: PEM file of the client's certificate; empty for none")
        String certificate() default "";

        @AttributeDefinition(description = "tls: PEM file of the client's private key, PKCS #8 without encryption")
        String key() default "";

        @AttributeDefinition(description = "tls: the name in the receiver's certificate; empty for the host")
        String serverName() default "";
    }

    private final SyslogWriter writer;

    private @Nullable ServiceRegistration<HealthCheck> health;

    @Activate
    public SyslogSink(Settings settings, BundleContext context) {
        this(settings, Path.of(context.getProperty("culvert.home")));
        health = context.registerService(
                HealthCheck.class, new SinkHealth("log.syslog", this::status), new Hashtable<>());
    }

    SyslogSink(Settings settings, Path home) {
        String transport = settings.transport();
        String host = settings.host().strip();
        if (host.isEmpty()) {
            throw new ConfigException(PID, "host", "", "must be the receiver's name or address");
        }
        int port = Bounds.within(PID, "port", settings.port(), 0, 65535);
        boolean datagrams = transport.equals("udp");
        int effective = port != 0 ? port : datagrams ? 514 : transport.equals("tcp") ? 601 : 6514;
        Link link = switch (transport) {
            case "udp" -> new DatagramLink(host, effective);
            case "tcp" -> new StreamLink(host, effective, null);
            case "tls" -> new StreamLink(
                    host,
                    effective,
                    TlsFiles.of(
                            PID, home, settings.trust(), settings.certificate(), settings.key(), settings.serverName()));
            default -> throw new ConfigException(PID, "transport", transport, "must be udp, tcp or tls");
        };
        int max = settings.maxBytes();
        if (max == 0) {
            max = datagrams ? DATAGRAM_BYTES : STREAM_BYTES;
        }
        var format = new SyslogFormat(
                facility(settings.facility()),
                settings.hostName().isEmpty() ? HostName.local() : settings.hostName(),
                settings.appName(),
                ProcessHandle.current().pid(),
                dataId(settings.dataId()),
                Bounds.within(PID, "maxBytes", max, LEAST_MAX_BYTES, 65000));
        writer = new SyslogWriter(format, link, !datagrams, transport + " " + host + " " + effective);
    }

    private static Facility facility(String name) {
        try {
            return Facility.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(PID, "facility", name, "is none; daemon, auth, user and local0 to local7 are some");
        }
    }

    /** SD-ID (RFC 5424 section 6.3.2) that nobody has to register. */
    private static String dataId(String id) {
        if (id.length() > 32 || !id.matches("[!#-<>?A-\\\\^-~]+@[0-9.]+")) {
            throw new ConfigException(PID, "dataId", id, "must be NAME@ENTERPRISE-NUMBER in at most 32 characters");
        }
        return id;
    }

    @Override
    public String name() {
        return "syslog";
    }

    @Override
    public boolean durable() {
        return true;
    }

    @Override
    public void write(List<LogRecord> entries) throws IOException {
        writer.write(entries);
    }

    Map<String, Object> status() {
        return writer.status();
    }

    @Deactivate
    void deactivate() {
        if (health != null) {
            health.unregister();
        }
        writer.close();
    }
}
