package io.culvert.crypto.bouncycastle;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.status.HealthCheck;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers the provider behind the others, as those use the CPU's instructions; whoever measures may prefer it. */
@Component(service = {}, immediate = true)
public final class BcCipherComponent {
    private static final Logger LOG = LoggerFactory.getLogger(BcCipherComponent.class);
    private static final int RANKING = -10;

    private final BcCipherProvider provider = new BcCipherProvider();
    private final ServiceRegistration<CipherProvider> registration;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public BcCipherComponent(BundleContext context) {
        registration = context.registerService(
                CipherProvider.class,
                provider,
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, RANKING)));
        health = context.registerService(HealthCheck.class, new Health(provider), null);
        LOG.info("bouncycastle: serves {}", provider.ciphers());
    }

    /** Whoever uses the service moves to another provider before unregistering returns. */
    @Deactivate
    void deactivate() {
        registration.unregister();
        health.unregister();
    }

    private record Health(BcCipherProvider provider) implements HealthCheck {
        @Override
        public String name() {
            return "crypto.bouncycastle";
        }

        @Override
        public Map<String, Object> status() {
            var status = new LinkedHashMap<String, Object>();
            status.put(
                    "ciphers",
                    Arrays.stream(DataCipher.values())
                            .filter(provider.ciphers()::contains)
                            .map(DataCipher::name)
                            .toList());
            status.put("keysOpened", provider.keysOpened());
            return status;
        }
    }
}
