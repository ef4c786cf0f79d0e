package io.culvert.it.swap.broken;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Throws at start. */
public final class Throwing implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        throw new IllegalStateException("no good today");
    }

    @Override
    public void stop(BundleContext context) {
        // Never started.
    }
}
