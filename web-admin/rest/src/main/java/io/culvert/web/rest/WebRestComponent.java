package io.culvert.web.rest;

import io.culvert.api.config.ConfigException;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebContent;
import io.culvert.api.web.WebEndpoints;
import io.culvert.web.rest.audit.AuditLog;
import io.culvert.web.rest.server.ConsoleServer;
import io.culvert.web.rest.server.EndpointTable;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import io.culvert.web.rest.server.StaticFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;

/** Runs the console's server when the module is configured. */
@Component(
        service = {},
        configurationPid = WebRestComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = WebRestSettings.class)
public final class WebRestComponent {
    static final String PID = "io.culvert.web.rest";

    private final EndpointTable table = new EndpointTable();
    private final StaticFiles files = new StaticFiles();
    private final AuditLog audit;
    private final Listening listening;
    private final ServiceRegistration<AuditTrail> trail;
    private volatile @Nullable CertificateAuthority authority;

    @Activate
    public WebRestComponent(
            BundleContext context,
            WebRestSettings settings,
            @Reference(
                            cardinality = ReferenceCardinality.OPTIONAL,
                            policyOption = ReferencePolicyOption.GREEDY)
                    @Nullable CertificateAuthority authority)
            throws IOException {
        this.authority = authority;
        if (settings.port() < 0 || settings.port() > 65535) {
            throw new ConfigException(PID, "port", settings.port(), "must be 0 to 65535");
        }
        Path home = Path.of(context.getProperty("culvert.home"));
        var json = new Json();
        audit = AuditLog.open(home.resolve("var/audit/audit.jsonl"), json, InstantSource.system());
        var server = new ConsoleServer(
                table, files, new Nobody(), audit, json, Duration.ofSeconds(settings.patienceSeconds()));
        listening = new Listening(
                server,
                home.resolve("run/web.sock"),
                new Listening.Place(settings.address(), settings.port(), List.of(settings.names())),
                new ConsoleIdentity(() -> this.authority));
        trail = context.registerService(AuditTrail.class, audit, null);
    }

    /** Knows nobody: what asks for a role answers on the Unix socket only. */
    private static final class Nobody implements Gate {
        @Override
        public Visit visit(@Nullable String cookies, @Nullable String authorization, String from) {
            return new Visit(new Caller("", Role.NONE, Caller.Means.NOTHING, from), "", "", false, false);
        }

        @Override
        public boolean isSetUp() {
            return true;
        }

        @Override
        public boolean inScope(Visit visit, String method, String path) {
            return false;
        }

        @Override
        public Watch watch(Visit visit, Runnable ended) {
            return () -> {};
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindEndpoints(WebEndpoints endpoints) {
        table.add(endpoints);
    }

    void unbindEndpoints(WebEndpoints endpoints) {
        table.remove(endpoints);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindContent(WebContent content) {
        files.add(content);
    }

    void unbindContent(WebContent content) {
        files.remove(content);
    }

    @Deactivate
    public void deactivate() throws IOException {
        trail.unregister();
        listening.close();
        audit.close();
    }
}
