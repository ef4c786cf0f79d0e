package io.culvert.crypto.openssl;

import io.culvert.api.crypto.CipherProvider;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers the provider where there is a libcrypto; where there is none, other providers do all the work. */
@Component(service = {}, immediate = true)
public final class OpenSslComponent {
    private static final Logger LOG = LoggerFactory.getLogger(OpenSslComponent.class);

    /** Before what the JVM has to compile first, unless that turns out to be faster. */
    private static final int RANKING = 10;

    private final @Nullable OpenSslCipherProvider provider;
    private final @Nullable ServiceRegistration<CipherProvider> registration;

    @Activate
    public OpenSslComponent(BundleContext context) {
        provider = OpenSslCipherProvider.load().orElse(null);
        if (provider == null) {
            registration = null;
            LOG.warn("openssl: libcrypto is not there, other providers do its work; "
                    + "install libssl3 (Debian; libssl3t64 on newer ones) or openssl-libs (Fedora, RHEL) to have it");
            return;
        }
        registration = context.registerService(
                CipherProvider.class,
                provider,
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, RANKING)));
        LOG.info("openssl: {} serves {}", provider.version(), provider.ciphers());
    }

    /** Whoever uses the service moves to another provider before unregistering returns. */
    @Deactivate
    void deactivate() {
        if (registration != null) {
            registration.unregister();
        }
        if (provider != null) {
            provider.close();
        }
    }
}
