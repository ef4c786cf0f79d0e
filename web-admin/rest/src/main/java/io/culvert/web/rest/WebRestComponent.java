package io.culvert.web.rest;

import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.Command;
import io.culvert.api.config.ConfigException;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.pki.PkiException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.ConsoleCertificate;
import io.culvert.api.web.WebContent;
import io.culvert.api.web.WebEndpoints;
import io.culvert.web.rest.access.Access;
import io.culvert.web.rest.access.AccessCommands;
import io.culvert.web.rest.access.AdministratorEndpoints;
import io.culvert.web.rest.access.Guard;
import io.culvert.web.rest.access.OwnAccount;
import io.culvert.web.rest.access.Setup;
import io.culvert.web.rest.access.SignIn;
import io.culvert.web.rest.access.UserLogin;
import io.culvert.web.rest.audit.AuditEndpoints;
import io.culvert.web.rest.audit.AuditLog;
import io.culvert.web.rest.certificate.CertificateEndpoints;
import io.culvert.web.rest.certificate.Certificates;
import io.culvert.web.rest.certificate.PemFiles;
import io.culvert.web.rest.certificate.RevocationList;
import io.culvert.web.rest.server.ConsoleServer;
import io.culvert.web.rest.server.EndpointTable;
import io.culvert.web.rest.server.Json;
import io.culvert.web.rest.server.StaticFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private final Access access;
    private final Guard guard;
    private final Certificates certificates;
    private final Listening listening;
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private final Ranked<Authenticator> authenticators = new Ranked<>();
    private final List<UserDirectory> directories = new CopyOnWriteArrayList<>();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable CertificateAuthority authority;

    private volatile @Nullable ConsoleCertificate bringing;

    @Activate
    public WebRestComponent(
            BundleContext context, WebRestSettings settings, @Reference(target = "(culvert.front=true)") Store store)
            throws IOException {
        check(settings);
        Path home = Path.of(context.getProperty("culvert.home"));
        var json = new Json();
        var clock = InstantSource.system();
        audit = AuditLog.open(home.resolve("var/audit/audit.jsonl"), json, clock);
        access = new Access(
                store,
                json,
                clock,
                new SecureRandom(),
                new Access.Limits(
                        Duration.ofMinutes(settings.idleMinutes()), Duration.ofHours(settings.sessionHours())),
                () -> directories);
        var setup = new Setup(access, store, json, home.resolve("run/setup-code"), name -> Settings.command(context, name));
        var server = new ConsoleServer(
                table, files, access, audit, json, Duration.ofSeconds(settings.patienceSeconds()));
        certificates = new Certificates(store, json, clock, sources(home, settings), new Shop(server));
        for (WebEndpoints own : List.of(
                new SignIn(access, new UserLogin(authenticators::all)),
                new OwnAccount(access),
                new AdministratorEndpoints(access),
                setup,
                new CertificateEndpoints(certificates),
                new RevocationList(() -> authority, clock),
                new AuditEndpoints(audit))) {
            table.add(own);
            // For whoever describes the API; this one has it already.
            registrations.add(context.registerService(
                    WebEndpoints.class, own, new Hashtable<>(Map.of("culvert.own", "true"))));
        }
        access.writesTo(audit);
        access.start();
        var place = new Guard.Place(
                settings.address(),
                settings.port(),
                List.of(settings.names()),
                settings.certificateFile(),
                settings.keyFile(),
                certificates.imported());
        guard = new Guard(
                store,
                json,
                clock,
                before -> {
                    if (!Objects.equals(before.imported(), certificates.imported())) {
                        certificates.back(before.imported());
                    }
                    Settings.restore(context, place, before);
                },
                now -> certificates.held(now.imported()));
        access.guardedBy(guard);
        certificates.guardedBy(guard);
        guard.begin(place);
        listening = new Listening(
                server,
                home.resolve("run/web.sock"),
                new Begun(context),
                place,
                certificates);
        registrations.add(context.registerService(AuditTrail.class, audit, null));
        registrations.add(context.registerService(HealthCheck.class, certificates, null));
        for (Command command : new AccessCommands(access, setup, audit, () -> address(settings)).all()) {
            registrations.add(context.registerService(Command.class, command, null));
        }
    }

    private Certificates.Sources sources(Path home, WebRestSettings settings) {
        var own = new ConsoleIdentity(() -> authority);
        List<String> names = List.of(settings.names());
        return new Certificates.Sources() {
            @Override
            public TlsPolicy.Identity own() throws PkiException {
                return own.own(names, settings.port());
            }

            @Override
            public Optional<TlsPolicy.Identity> file() throws IOException {
                // Relative ones lie in the appliance's home.
                return settings.certificateFile().isEmpty()
                        ? Optional.empty()
                        : Optional.of(PemFiles.read(
                                home.resolve(settings.certificateFile()), home.resolve(settings.keyFile())));
            }

            @Override
            public Optional<ConsoleCertificate> module() {
                return Optional.ofNullable(bringing);
            }

            @Override
            public List<String> names() {
                return names;
            }
        };
    }

    private record Shop(ConsoleServer server) implements Certificates.Door {
        @Override
        public void show(TlsPolicy.Identity identity) throws Exception {
            server.show(identity);
        }

        @Override
        public void reconnect(Duration after) {
            server.reconnect(after);
        }
    }

    private static String address(WebRestSettings settings) {
        String host = settings.names().length > 0 ? settings.names()[0] : ConsoleIdentity.hostName();
        return settings.port() > 0 ? "https://" + host + ":" + settings.port() + "/" : "";
    }

    private static void check(WebRestSettings settings) {
        within("port", settings.port(), 0, 65535);
        within("idleMinutes", settings.idleMinutes(), 1, 720);
        if (settings.certificateFile().isEmpty() != settings.keyFile().isEmpty()) {
            throw new ConfigException(PID, "keyFile", settings.keyFile(), "must be set together with certificateFile");
        }
        within("sessionHours", settings.sessionHours(), 1, 168);
        within("patienceSeconds", settings.patienceSeconds(), 1, 120);
        for (String name : settings.names()) {
            if (!name.matches("[A-Za-z0-9.:-]{1,253}")) {
                throw new ConfigException(PID, "names", name, "must be names of DNS or addresses, without a port");
            }
        }
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high);
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindCertificate(ConsoleCertificate certificate) {
        bringing = certificate;
        listening.lookAgain();
    }

    void updatedCertificate(ConsoleCertificate certificate) {
        listening.lookAgain();
    }

    void unbindCertificate(ConsoleCertificate certificate) {
        // With a greedy reference the next one is bound before the old one leaves.
        if (bringing == certificate) {
            bringing = null;
            listening.lookAgain();
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAuthenticator(Authenticator authenticator, Map<String, Object> properties) {
        authenticators.add(authenticator, properties);
    }

    void unbindAuthenticator(Authenticator authenticator) {
        authenticators.remove(authenticator);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindDirectory(UserDirectory directory) {
        directories.add(directory);
    }

    void unbindDirectory(UserDirectory directory) {
        directories.remove(directory);
    }

    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            target = "(!(culvert.own=true))")
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
    public void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
        guard.close();
        listening.close(() -> {
            access.close();
            try {
                audit.close();
            } catch (IOException e) {
                // Each entry is on the disk already.
            }
        });
    }
}
