package io.culvert.control;

import io.culvert.control.config.Plan;
import io.culvert.control.config.SettingsException;
import java.io.IOException;
import java.time.Duration;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationEvent;
import org.osgi.service.cm.ConfigurationListener;

/** Makes ConfigAdmin hold what a plan says, and nothing else of ours. */
final class ConfigurationWriter {
    private static final String FENCE = "io.culvert.control.fence";
    private static final Duration FENCE_LIMIT = Duration.ofSeconds(30);

    private final BundleContext context;
    private final ConfigurationAdmin admin;

    ConfigurationWriter(BundleContext context, ConfigurationAdmin admin) {
        this.context = context;
        this.admin = admin;
    }

    /** Returns when ConfigAdmin has the plan; components hear of it later. */
    void write(Plan plan) throws SettingsException {
        try {
            Map<String, Configuration> obsolete = present();
            for (var planned : plan.configurations()) {
                obsolete.remove(planned.fullPid());
                Configuration configuration = planned.instance().isPresent()
                        ? admin.getFactoryConfiguration(planned.pid(), planned.instance().get(), "?")
                        : admin.getConfiguration(planned.pid(), "?");
                Dictionary<String, Object> properties = new Hashtable<>(planned.values());
                configuration.updateIfDifferent(properties);
            }
            for (Configuration configuration : obsolete.values()) {
                configuration.delete();
            }
        } catch (IOException e) {
            throw new SettingsException("cannot hand the settings to the modules: " + e.getMessage());
        }
    }

    private Map<String, Configuration> present() throws IOException {
        try {
            var present = new HashMap<String, Configuration>();
            Configuration[] found = admin.listConfigurations("(service.pid=" + BundleSchemas.PREFIX + "*)");
            for (Configuration configuration : found == null ? new Configuration[0] : found) {
                present.put(configuration.getPid(), configuration);
            }
            return present;
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Returns when every component has heard of what was written so far. ConfigAdmin tells its listeners one event after
     * the other, so an event of our own comes through behind all the others.
     */
    void awaitDelivery() throws SettingsException, InterruptedException {
        var delivered = new CountDownLatch(1);
        ConfigurationListener listener = event -> {
            if (FENCE.equals(event.getPid()) && event.getType() == ConfigurationEvent.CM_DELETED) {
                delivered.countDown();
            }
        };
        var registration = context.registerService(ConfigurationListener.class, listener, new Hashtable<>());
        try {
            Configuration fence = admin.getConfiguration(FENCE, "?");
            fence.update(new Hashtable<>());
            fence.delete();
            if (!delivered.await(FENCE_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new SettingsException("the modules did not take the settings within "
                        + FENCE_LIMIT.toSeconds() + " s");
            }
        } catch (IOException e) {
            throw new SettingsException("cannot hand the settings to the modules: " + e.getMessage());
        } finally {
            registration.unregister();
        }
    }
}
