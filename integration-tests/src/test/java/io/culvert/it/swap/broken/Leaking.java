package io.culvert.it.swap.broken;

import java.util.concurrent.locks.LockSupport;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Leaves a thread behind. */
public final class Leaking implements BundleActivator {
    @Override
    @SuppressWarnings("InfiniteLoopStatement")
    public void start(BundleContext context) {
        var thread = new Thread(
                () -> {
                    while (true) {
                        LockSupport.park();
                    }
                },
                "leaking");
        thread.setDaemon(true);
        thread.setContextClassLoader(Leaking.class.getClassLoader());
        thread.start();
    }

    @Override
    public void stop(BundleContext context) {
        // Leaves the thread alone.
    }
}
