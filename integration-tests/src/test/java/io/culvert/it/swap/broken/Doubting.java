package io.culvert.it.swap.broken;

import io.culvert.api.status.SelfTest;
import java.util.Hashtable;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Offers a self-test that fails. */
public final class Doubting implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        context.registerService(SelfTest.class, new Doubt(), new Hashtable<>());
    }

    @Override
    public void stop(BundleContext context) {
        // The framework takes the service back.
    }

    /** Fails. */
    public static final class Doubt implements SelfTest {
        @Override
        public String name() {
            return "doubt";
        }

        @Override
        public void run() {
            throw new IllegalStateException("it does not work");
        }
    }
}
