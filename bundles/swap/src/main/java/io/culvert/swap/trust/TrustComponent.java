package io.culvert.swap.trust;

import io.culvert.api.status.HealthCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trust by the settings and by the release's key, which lies beside the bundles: {@code release-key.pem} in the directory
 * that the property {@code culvert.distribution} names. The property {@code culvert.allow.unsigned} comes from the start
 * of the appliance, and from nowhere else; as does {@code culvert.passed.over}, the jars that were not started as their
 * signatures do not hold or their keys are not trusted.
 */
@Component(
        service = {Trust.class, HealthCheck.class, TrustComponent.class},
        configurationPid = "io.culvert.swap",
        immediate = true)
@Designate(ocd = TrustSettings.class)
public final class TrustComponent implements Trust, HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(TrustComponent.class);

    private final Optional<Path> release;
    private final boolean allowUnsigned;
    private final KeyTrust trust;
    private final Optional<Path> record;
    private final Optional<String> passedOver;
    private volatile TrustedKeys keys;

    @Activate
    public TrustComponent(BundleContext context, TrustSettings settings) {
        release = Optional.ofNullable(context.getProperty("culvert.distribution"))
                .map(directory -> Path.of(directory, "release-key.pem"))
                .filter(Files::exists);
        allowUnsigned = Boolean.parseBoolean(context.getProperty("culvert.allow.unsigned"));
        keys = TrustedKeys.of(release, List.of(settings.trustedKeys()));
        trust = new KeyTrust(keys, allowUnsigned);
        record = Optional.ofNullable(context.getProperty("culvert.home"))
                .map(home -> Path.of(home, "var/modules/trusted-keys"));
        passedOver = Optional.ofNullable(context.getProperty("culvert.passed.over")).filter(text -> !text.isEmpty());
        passedOver.ifPresent(text -> LOG.warn("trust: passed over at the start: {}", text));
        writeDown();
        if (allowUnsigned) {
            LOG.warn("trust: UNSIGNED MODULES ARE ALLOWED, by culvert up --allow-unsigned; not for production");
        }
    }

    /** Running modules stay as they are: a key that is no longer trusted shows in {@code module list}. */
    @Modified
    void modified(TrustSettings settings) {
        TrustedKeys changed = TrustedKeys.of(release, List.of(settings.trustedKeys()));
        keys = changed;
        trust.trust(changed);
        writeDown();
        LOG.info("trust: {} keys are trusted", changed.all().size());
    }

    /** The launcher looks at signatures before there are settings to read. */
    private void writeDown() {
        record.ifPresent(file -> {
            try {
                Files.createDirectories(file.getParent());
                Path draft = file.resolveSibling(".trusted-keys.new");
                Files.write(draft, keys.all().keySet());
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                LOG.warn("trust: cannot write {}, the next start goes by the one before: {}", file, e.toString());
            }
        });
    }

    @Override
    public Verdict verdict(Path jar) throws IOException {
        return trust.verdict(jar);
    }

    @Override
    public Optional<String> refusal(Verdict verdict) {
        return trust.refusal(verdict);
    }

    @Override
    public String name() {
        return "trust";
    }

    @Override
    public Map<String, Object> status() {
        var facts = new LinkedHashMap<String, Object>();
        facts.put("trusted", keys.all().size());
        if (allowUnsigned) {
            facts.put("problem", "UNSIGNED MODULES ARE ALLOWED, by culvert up --allow-unsigned; not for production");
        }
        passedOver.ifPresent(text -> facts.put("passedOver", text));
        return facts;
    }

    /** Names by fingerprint. */
    Map<String, String> keys() {
        return keys.all();
    }
}
