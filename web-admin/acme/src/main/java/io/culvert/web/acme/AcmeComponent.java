package io.culvert.web.acme;

import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.ConsoleCertificate;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets and renews the console's certificate when the module is configured. */
@Component(
        service = {},
        configurationPid = AcmeConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AcmeSettings.class)
public final class AcmeComponent implements ConsoleCertificate {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeComponent.class);

    private final AcmeConfig config;
    private final Renewal renewal;
    private final ServiceRegistration<ConsoleCertificate> certificate;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AcmeComponent(
            BundleContext context, AcmeSettings settings, @Reference(target = "(culvert.front=true)") Store store) {
        config = AcmeConfig.of(settings, Path.of(context.getProperty("culvert.home")));
        var kept = new Kept(store);
        renewal = new Renewal(
                InstantSource.system(), present(kept), config.pause(), new Ordering(config, kept)::place, this::changed);
        certificate = context.registerService(ConsoleCertificate.class, this, new Hashtable<>(Map.of("changed", 0L)));
        health = context.registerService(HealthCheck.class, new Health(config, renewal), null);
        renewal.start();
    }

    /** What the store has, when it is for the names that are wanted now. */
    private TlsPolicy.@Nullable Identity present(Kept kept) {
        try {
            return kept.certificate(config.directory())
                    .filter(found -> names(found.chain().getFirst()).containsAll(config.names()))
                    .orElse(null);
        } catch (IOException | GeneralSecurityException e) {
            LOG.warn("acme: the earlier certificate cannot be used, {}", e.getMessage());
            return null;
        }
    }

    private static Set<String> names(X509Certificate certificate) {
        var names = new TreeSet<String>();
        try {
            var all = certificate.getSubjectAlternativeNames();
            for (List<?> each : all == null ? List.<List<?>>of() : all) {
                names.add(AcmeConfig.spelled(String.valueOf(each.get(1))));
            }
        } catch (CertificateParsingException e) {
            // It is for nobody.
        }
        return names;
    }

    /** Whoever shows it looks again when the service's properties change. */
    private void changed() {
        certificate.setProperties(new Hashtable<>(Map.of("changed", System.nanoTime())));
    }

    @Deactivate
    public void deactivate() {
        renewal.close();
        health.unregister();
        certificate.unregister();
    }

    @Override
    public String source() {
        return "acme";
    }

    @Override
    public Optional<TlsPolicy.Identity> identity() {
        return renewal.identity();
    }

    @Override
    public Status status() {
        Renewal.State state = renewal.state();
        return new Status(
                config.directory().toString(),
                config.names(),
                Optional.ofNullable(state.tried()),
                Optional.of(state.next()),
                state.problem());
    }

    /** Not the component itself: both kinds of service have a status. */
    private record Health(AcmeConfig config, Renewal renewal) implements HealthCheck {
        @Override
        public String name() {
            return "web.acme";
        }

        @Override
        public Map<String, Object> status() {
            Renewal.State state = renewal.state();
            var facts = new LinkedHashMap<String, Object>();
            facts.put("directory", config.directory().toString());
            facts.put("names", config.names());
            TlsPolicy.Identity identity = state.identity();
            if (identity != null) {
                facts.put("until", identity.chain().getFirst().getNotAfter().toInstant().toString());
            }
            facts.put("next", state.next().toString());
            if (!state.problem().isEmpty()) {
                facts.put("failures", state.failures());
                facts.put("problem", state.problem());
            }
            return facts;
        }
    }
}
