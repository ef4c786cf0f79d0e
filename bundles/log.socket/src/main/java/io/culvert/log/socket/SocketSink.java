package io.culvert.log.socket;

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
import io.culvert.log.support.link.UnixLink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
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

/** Sends log entries as JSON lines or GELF to a socket. */
@Component(
        configurationPid = SocketSink.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        service = LogSink.class)
@Designate(ocd = SocketSink.Settings.class)
public final class SocketSink implements LogSink {
    static final String PID = "io.culvert.log.socket";

    /** The settings. */
    @ObjectClassDefinition(name = "Log to a socket, as JSON lines or GELF")
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
                description = "A JSON object for each entry, or GELF 1.1",
                options = {@Option(value = "json", label = "JSON lines"), @Option(value = "gelf", label = "GELF 1.1")})
        String format() default "json";

        @AttributeDefinition(
                description = "How entries travel; over udp they can be lost unseen",
                options = {
                    @Option(value = "udp", label = "udp"),
                    @Option(value = "tcp", label = "tcp"),
                    @Option(value = "tls", label = "tls"),
                    @Option(value = "unix", label = "Unix socket")
                })
        String transport() default "tcp";

        @AttributeDefinition(description = "udp, tcp, tls: the receiver's name or address")
        String host() default "localhost";

        @AttributeDefinition(description = "udp, tcp, tls: the receiver's port", min = "1", max = "65535")
        int port() default 12201;

        @AttributeDefinition(description = "unix: the socket's path")
        String path() default "";

        @AttributeDefinition(description = "This machine's name in GELF; empty for the one it has")
        String hostName() default "";

        @AttributeDefinition(
                description = "udp: the longest datagram in bytes; GELF is cut into chunks",
                min = "512",
                max = "65000")
        int datagramBytes() default 1420;

        @AttributeDefinition(description = "GELF over udp: whether messages are compressed")
        boolean compress() default true;

        @AttributeDefinition(description = "tls: PEM file of the authorities to trust; empty for those of the Java runtime")
        String trust() default "";

        @AttributeDefinition(description = "tls: PEM file of the client's certificate; empty for none")
        String certificate() default "";

        @AttributeDefinition(description = "tls: PEM file of the client's private key, PKCS #8 without encryption")
        String key() default "";

        @AttributeDefinition(description = "tls: the name in the receiver's certificate; empty for the host")
        String serverName() default "";
    }

    private final Link link;
    private final SocketFrames frames;
    private final String target;
    private volatile long sent;

    private @Nullable ServiceRegistration<HealthCheck> health;

    @Activate
    public SocketSink(Settings settings, BundleContext context) {
        this(settings, Path.of(context.getProperty("culvert.home")));
        health = context.registerService(
                HealthCheck.class, new SinkHealth("log.socket", this::status), new Hashtable<>());
    }

    SocketSink(Settings settings, Path home) {
        String transport = settings.transport();
        boolean unix = transport.equals("unix");
        String host = settings.host().strip();
        if (unix && settings.path().isEmpty()) {
            throw new ConfigException(PID, "path", "", "must be the socket's path for the transport unix");
        }
        if (host.isEmpty()) {
            throw new ConfigException(PID, "host", "", "must be the receiver's name or address");
        }
        int port = Bounds.within(PID, "port", settings.port(), 1, 65535);
        int datagramBytes = Bounds.within(PID, "datagramBytes", settings.datagramBytes(), 512, 65000);
        boolean gelf = switch (settings.format()) {
            case "gelf" -> true;
            case "json" -> false;
            default -> throw new ConfigException(PID, "format", settings.format(), "must be json or gelf");
        };
        link = switch (transport) {
            case "udp" -> new DatagramLink(host, port);
            case "tcp" -> new StreamLink(host, port, null);
            case "tls" -> new StreamLink(
                    host,
                    port,
                    TlsFiles.of(
                            PID, home, settings.trust(), settings.certificate(), settings.key(), settings.serverName()));
            case "unix" -> new UnixLink(home.resolve(settings.path()));
            default -> throw new ConfigException(PID, "transport", transport, "must be udp, tcp, tls or unix");
        };
        frames = new SocketFrames(
                gelf,
                settings.hostName().isEmpty() ? HostName.local() : settings.hostName(),
                transport.equals("udp") ? datagramBytes : 0,
                settings.compress());
        target = transport + " " + (unix ? home.resolve(settings.path()) : host + " " + port);
    }

    @Override
    public String name() {
        return "socket";
    }

    @Override
    public boolean durable() {
        return true;
    }

    @Override
    public void write(List<LogRecord> entries) throws IOException {
        link.send(frames.frames(entries));
        sent += entries.size();
    }

    Map<String, Object> status() {
        var status = new LinkedHashMap<String, Object>();
        status.put("target", target);
        status.put("connected", link.isOpen());
        status.put("sent", sent);
        return status;
    }

    @Deactivate
    void deactivate() {
        if (health != null) {
            health.unregister();
        }
        link.close();
    }
}
