package io.culvert.it.swap.broken;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** A TLS provider that passes its self-test, and fails one handshake in three then. */
public final class Failing implements BundleActivator {
    /** Below it: the self-test's. */
    private static final int GOOD = 6;

    @Override
    public void start(BundleContext context) throws Exception {
        var real = (TlsProvider) getClass()
                .getClassLoader()
                .loadClass("io.culvert.tls.jsse.JsseTlsProvider")
                .getDeclaredConstructor()
                .newInstance();
        context.registerService(
                TlsProvider.class, new OneInThree(real), new Hashtable<>(Map.of(Constants.SERVICE_RANKING, 1000)));
    }

    @Override
    public void stop(BundleContext context) {
        // The framework takes the service back.
    }

    /** Fails. */
    public static final class OneInThree implements TlsProvider {
        private final TlsProvider real;
        private final AtomicInteger engines = new AtomicInteger();

        OneInThree(TlsProvider real) {
            this.real = real;
        }

        @Override
        public String name() {
            return real.name();
        }

        @Override
        public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
            int number = engines.incrementAndGet();
            if (number > GOOD && number % 3 == 0) {
                throw new TlsException("not this one");
            }
            return real.newServerEngine(policy);
        }

        @Override
        public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
            return real.newClientEngine(policy);
        }
    }
}
