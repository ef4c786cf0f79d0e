package io.culvert.it.swap.broken;

import java.util.concurrent.locks.LockSupport;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Never comes back from its stop, whoever interrupts it. */
public final class Hanging implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        // Starts like any other.
    }

    @Override
    @SuppressWarnings("InfiniteLoopStatement")
    public void stop(BundleContext context) {
        while (true) {
            Thread.interrupted();
            LockSupport.park();
        }
    }
}
