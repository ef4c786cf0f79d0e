package io.culvert.swap.trust;

import io.culvert.api.config.ConfigException;
import io.culvert.signing.verify.JarSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names of trusted keys by fingerprint. The release's own key is among them whatever the settings say. */
final class TrustedKeys {
    static final String RELEASE = "this release";

    private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

    private final Map<String, String> names;

    private TrustedKeys(Map<String, String> names) {
        this.names = names;
    }

    /**
     * @param release the release's certificate, PEM; empty when there is none
     * @param settings {@code FINGERPRINT NAME} each; the fingerprint may have colons, as tools print it
     * @throws ConfigException when one of them is no fingerprint
     */
    static TrustedKeys of(Optional<Path> release, List<String> settings) {
        var names = new LinkedHashMap<String, String>();
        for (String line : settings) {
            String[] words = line.strip().split("\\s+", 2);
            String fingerprint = words[0].replace(":", "").toLowerCase(java.util.Locale.ROOT);
            if (!FINGERPRINT.matcher(fingerprint).matches()) {
                throw new ConfigException("io.culvert.swap", "trustedKeys", line,
                        "the SHA-256 fingerprint of a key (64 hex digits), a blank, and a name");
            }
            names.put(fingerprint, words.length > 1 ? words[1] : "trusted");
        }
        release.ifPresent(file -> names.put(fingerprint(file), RELEASE));
        return new TrustedKeys(names);
    }

    private static String fingerprint(Path certificate) {
        try {
            return JarSignature.fingerprint(certificate);
        } catch (IOException | CertificateException e) {
            throw new IllegalStateException(certificate + ": the release's certificate cannot be read; install it again", e);
        }
    }

    Optional<String> name(String fingerprint) {
        return Optional.ofNullable(names.get(fingerprint));
    }

    /** Names by fingerprint, in the order of the settings; the release's key comes last. */
    Map<String, String> all() {
        return java.util.Collections.unmodifiableMap(names);
    }
}
