package io.culvert.web.acme;

import io.culvert.api.config.ConfigException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The settings, valid by construction.
 *
 * @param names in the order of the settings, the first one being the most known
 * @param trust file with the authorities of the directory's own certificate; empty for Java's
 * @param pause after the first failure
 */
record AcmeConfig(
        URI directory, String email, List<String> names, String address, int port, Optional<Path> trust, Duration pause) {
    static final String PID = "io.culvert.web.acme";
    private static final int MOST_NAMES = 50;

    static AcmeConfig of(AcmeSettings settings, Path home) {
        URI directory = directory(settings.directory());
        if (!settings.agreeToTerms()) {
            throw new ConfigException(PID, "agreeToTerms", false,
                    "must be true: read the terms of service of " + directory.getHost() + " and agree to them");
        }
        if (!settings.email().isEmpty() && !settings.email().matches("[^@\\s,?]{1,64}@[^@\\s,?]{1,190}")) {
            throw new ConfigException(PID, "email", settings.email(), "must be one mail address");
        }
        if (settings.names().length == 0 || settings.names().length > MOST_NAMES) {
            throw new ConfigException(PID, "names", settings.names().length, "must be 1 to " + MOST_NAMES);
        }
        for (String name : settings.names()) {
            if (!name.matches("[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")) {
                throw new ConfigException(PID, "names", name, "must be names of DNS without a star, or addresses");
            }
        }
        within("port", settings.port(), 1, 65_535);
        within("retrySeconds", settings.retrySeconds(), 1, 21_600);
        return new AcmeConfig(
                directory,
                settings.email(),
                List.of(settings.names()).stream().map(AcmeConfig::spelled).distinct().toList(),
                settings.address(),
                settings.port(),
                settings.trustFile().isEmpty() ? Optional.empty() : Optional.of(home.resolve(settings.trustFile())),
                Duration.ofSeconds(settings.retrySeconds()));
    }

    /** One spelling of each name and address. */
    static String spelled(String name) {
        if (name.indexOf(':') >= 0 || name.matches("[0-9.]+")) {
            try {
                return InetAddress.ofLiteral(name).getHostAddress();
            } catch (IllegalArgumentException e) {
                throw new ConfigException(PID, "names", name, "is no address");
            }
        }
        return name.toLowerCase(Locale.ROOT);
    }

    private static URI directory(String text) {
        try {
            URI directory = URI.create(text);
            if ("https".equals(directory.getScheme()) && directory.getHost() != null) {
                return directory;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new ConfigException(PID, "directory", text, "must be an address that begins with https://");
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high);
        }
    }
}
