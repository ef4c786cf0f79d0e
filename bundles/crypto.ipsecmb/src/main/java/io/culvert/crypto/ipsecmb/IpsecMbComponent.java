package io.culvert.crypto.ipsecmb;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.util.Map;
import java.util.Optional;
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

/** Offers the provider where there is the library and a processor for it; elsewhere other providers do all the work. */
@Component(service = {}, immediate = true)
public final class IpsecMbComponent {
    private static final Logger LOG = LoggerFactory.getLogger(IpsecMbComponent.class);

    /** Before what takes more calls for a packet, unless that turns out to be faster. */
    private static final int RANKING = 20;

    private final @Nullable IpsecMbCipherProvider provider;
    private final @Nullable ServiceRegistration<CipherProvider> registration;

    @Activate
    public IpsecMbComponent(BundleContext context) {
        this(context, IpsecMbCipherProvider.load());
    }

    IpsecMbComponent(BundleContext context, Optional<IpsecMbCipherProvider> found) {
        provider = found.orElse(null);
        if (provider == null) {
            registration = null;
            LOG.info("ipsecmb: {}", whyNone(IpsecMbCipherProvider.hostDemandsValidated()));
            return;
        }
        if (provider.ciphers().isEmpty()) {
            provider.close();
            registration = null;
            LOG.warn("ipsecmb: {} is not used, it does not agree with the JDK about any cipher", provider.version());
            return;
        }
        for (DataCipher cipher : provider.disputed()) {
            LOG.warn("ipsecmb: {} of {} is not used, it does not agree with the JDK", cipher, provider.version());
        }
        registration = context.registerService(
                CipherProvider.class,
                provider,
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, RANKING)));
        LOG.info("ipsecmb: {} serves {}", provider.version(), provider.ciphers());
    }

    static String whyNone(boolean hostDemandsValidated) {
        if (hostDemandsValidated) {
            return "not used, as this host demands validated code (FIPS 140); other providers do its work";
        }
        return "not on this host, other providers do its work; on x86 processors libipsec-mb1 (Debian; "
                + "libipsec-mb2 on newer ones) or intel-ipsec-mb (Fedora, RHEL) makes AES-GCM several times faster";
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
