package io.culvert.trace.otlp;

import io.culvert.api.command.Command;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.SessionListener;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;

/** Sends traces while the module is configured. */
@Component(
        service = {},
        configurationPid = TraceOtlpComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = TraceOtlpSettings.class)
public final class TraceOtlpComponent {
    static final String PID = "io.culvert.trace.otlp";
    private static final long LAST_WORDS_S = 2;

    private final List<Command> commands = new CopyOnWriteArrayList<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private final SdkTracerProvider provider;
    private final Changes changes;

    @Activate
    public TraceOtlpComponent(BundleContext context, TraceOtlpSettings settings) {
        if (settings.handshakePercent() < 0 || settings.handshakePercent() > 100) {
            throw new ConfigException(PID, "handshakePercent", settings.handshakePercent(), "must be 0 to 100");
        }
        var exporter = new OtlpExporter(endpoint(settings.endpoint()), settings.authorization());
        String version = context.getBundle().getVersion().toString();
        provider = provider(exporter, settings.serviceName(), version);
        var spans = new Spans(provider.get("io.culvert"), InstantSource.system(), settings.handshakePercent());
        changes = new Changes(() -> command("module changes"), spans::change);
        changes.start();
        registrations.add(context.registerService(SessionListener.class, spans, null));
        registrations.add(context.registerService(HealthCheck.class, new Health(exporter), null));
    }

    private static URI endpoint(String text) {
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new ConfigException(PID, "endpoint", text, "must be an address such as http://127.0.0.1:4318/v1/traces");
    }

    static SdkTracerProvider provider(OtlpExporter exporter, String serviceName, String version) {
        return SdkTracerProvider.builder()
                .setResource(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"), serviceName,
                        AttributeKey.stringKey("service.version"), version)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
                .build();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCommand(Command command) {
        commands.add(command);
    }

    void unbindCommand(Command command) {
        commands.remove(command);
    }

    private Optional<Command> command(String name) {
        return commands.stream().filter(each -> each.name().equals(name)).findFirst();
    }

    @Deactivate
    public void deactivate() {
        registrations.reversed().forEach(ServiceRegistration::unregister);
        changes.close();
        provider.shutdown().join(LAST_WORDS_S, TimeUnit.SECONDS);
    }

    private record Health(OtlpExporter exporter) implements HealthCheck {
        @Override
        public String name() {
            return "trace.otlp";
        }

        @Override
        public Map<String, Object> status() {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("sent", exporter.sent());
            facts.put("lost", exporter.lost());
            if (!exporter.problem().isEmpty()) {
                facts.put("problem", exporter.problem());
            }
            return facts;
        }
    }
}
