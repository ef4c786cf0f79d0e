package io.culvert.web.rest;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;

/** Waits for the framework to have started everything: at the appliance's start the console comes last. */
final class Begun implements FrameworkListener {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final BundleContext context;
    private final CountDownLatch begun = new CountDownLatch(1);

    Begun(BundleContext context) {
        this.context = context;
        context.addFrameworkListener(this);
        if (context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).getState() == Bundle.ACTIVE) {
            begun.countDown();
        }
    }

    @Override
    public void frameworkEvent(FrameworkEvent event) {
        if (event.getType() == FrameworkEvent.STARTED) {
            begun.countDown();
        }
    }

    /** Returns after half a minute in any case. */
    void await() throws InterruptedException {
        try {
            begun.await(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            try {
                context.removeFrameworkListener(this);
            } catch (IllegalStateException e) {
                // The bundle has stopped, and its listeners went with it.
            }
        }
    }
}
