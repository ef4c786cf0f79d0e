package io.culvert.tls.bouncycastle;

import io.culvert.api.status.HealthCheck;
import io.culvert.api.tls.TlsProvider;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Offers the provider behind the others, which spend less of the CPU on a handshake. */
@Component(service = {}, immediate = true)
public final class BcTlsComponent {
    private static final int RANKING = -10;

    private final ServiceRegistration<TlsProvider> registration;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public BcTlsComponent(BundleContext context) {
        var provider = new BcTlsProvider();
        registration = context.registerService(
                TlsProvider.class, provider, FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, RANKING)));
        health = context.registerService(HealthCheck.class, new Health(provider), null);
    }

    @Deactivate
    void deactivate() {
        registration.unregister();
        health.unregister();
    }

    private record Health(BcTlsProvider provider) implements HealthCheck {
        @Override
        public String name() {
            return "tls.bouncycastle";
        }

        @Override
        public Map<String, Object> status() {
            return Map.of("engines", provider.engines());
        }
    }
}
