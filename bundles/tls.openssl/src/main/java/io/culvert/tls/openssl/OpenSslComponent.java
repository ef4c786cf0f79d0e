package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsProvider;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers the provider where the library is, before slower ones; elsewhere the module runs and offers nothing. */
@Component(service = {}, immediate = true)
public final class OpenSslComponent {
    private static final Logger LOG = LoggerFactory.getLogger(OpenSslComponent.class);
    private static final int RANKING = 100;

    private @Nullable OpenSslTlsProvider provider;
    private @Nullable ServiceRegistration<TlsProvider> registration;

    @Activate
    public OpenSslComponent(BundleContext context) {
        this(context, LibSsl::version);
    }

    /** @param library its version, or a {@link LinkageError} */
    OpenSslComponent(BundleContext context, Supplier<String> library) {
        String version;
        try {
            version = library.get();
        } catch (LinkageError e) {
            LOG.warn("tls.openssl: no TLS from here, {}", reason(e));
            return;
        }
        var made = new OpenSslTlsProvider();
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(Constants.SERVICE_RANKING, RANKING);
        provider = made;
        registration = context.registerService(TlsProvider.class, made, properties);
        LOG.info("tls.openssl: {}", version);
    }

    /** The class that loads the library says why at its first use only. */
    private static String reason(LinkageError error) {
        Throwable cause = error.getCause();
        return String.valueOf(cause == null ? error.getMessage() : cause.getMessage());
    }

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
