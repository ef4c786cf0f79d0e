package io.culvert.backup;

import io.culvert.api.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalTime;
import java.util.Locale;
import java.util.Optional;

/**
 * The settings, checked.
 *
 * @param passphrase for scheduled backups
 */
record BackupConfig(Schedule schedule, int keep, Path directory, Optional<String> passphrase) {
    static final String PID = "io.culvert.backup";

    /** Shorter ones are guessed. */
    static final int SHORTEST = 12;

    static BackupConfig of(BackupSettings settings, Path home) {
        Schedule.Every every;
        try {
            every = Schedule.Every.valueOf(settings.schedule().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(PID, "schedule", settings.schedule(), "must be never, hourly, daily or weekly");
        }
        LocalTime at;
        try {
            at = LocalTime.parse(settings.at());
        } catch (DateTimeException e) {
            throw new ConfigException(PID, "at", settings.at(), "must be a time of day, such as 03:15");
        }
        if (settings.keep() < 1 || settings.keep() > 1000) {
            throw new ConfigException(PID, "keep", settings.keep(), "must be 1 to 1000 backups");
        }
        if (settings.directory().isBlank()) {
            throw new ConfigException(PID, "directory", "\"\"", "must name a directory, such as var/backups");
        }
        Optional<String> passphrase = passphrase(settings, home);
        if (every != Schedule.Every.NEVER && passphrase.isEmpty()) {
            throw new ConfigException(PID, "schedule", settings.schedule(),
                    "needs a passphrase: set passphrase or passphraseFile first");
        }
        return new BackupConfig(new Schedule(every, at), settings.keep(), home.resolve(settings.directory()), passphrase);
    }

    private static Optional<String> passphrase(BackupSettings settings, Path home) {
        String name = "passphrase";
        String text = settings.passphrase();
        if (!settings.passphraseFile().isBlank()) {
            name = "passphraseFile";
            try (var lines = Files.lines(home.resolve(settings.passphraseFile()))) {
                text = lines.findFirst().orElse("");
            } catch (IOException | java.io.UncheckedIOException e) {
                throw new ConfigException(PID, name, settings.passphraseFile(), "cannot be read: " + e.getMessage());
            }
        }
        if (!text.isEmpty() && text.length() < SHORTEST) {
            throw new ConfigException(PID, name, "(hidden)", "must have at least " + SHORTEST + " characters");
        }
        return Optional.of(text).filter(each -> !each.isEmpty());
    }

    @Override
    public String toString() {
        return "BackupConfig[" + schedule + ", keep=" + keep + ", directory=" + directory + "]";
    }
}
