package io.culvert.backup;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The settings of {@code backup}. */
@ObjectClassDefinition(
        name = "Backups",
        description = "Copies of everything the appliance keeps, each one file that a passphrase opens.")
public @interface BackupSettings {
    @AttributeDefinition(
            name = "Schedule",
            description = "How often a backup is made by itself; weekly is on Sundays.",
            options = {@Option("never"), @Option("hourly"), @Option("daily"), @Option("weekly")})
    String schedule() default "never";

    @AttributeDefinition(
            name = "At",
            description = "The time of day, HH:MM in the host's own time; hourly uses the minutes only.")
    String at() default "03:15";

    @AttributeDefinition(
            name = "Keep",
            description = "So many of the newest backups stay, those made by hand included; older ones are removed after"
                    + " each scheduled one.",
            min = "1",
            max = "1000")
    int keep() default 7;

    @AttributeDefinition(
            name = "Directory",
            description = "Where they are kept; relative to the home. Better another disk, or one that is copied elsewhere.")
    String directory() default "var/backups";

    @AttributeDefinition(
            name = "Passphrase",
            description = "Opens the scheduled backups; at least 12 characters. Keep it elsewhere too: without it no backup"
                    + " can be restored. Or the file below.",
            required = false,
            type = AttributeType.PASSWORD)
    String passphrase() default "";

    @AttributeDefinition(
            name = "Passphrase file",
            description = "Holds the passphrase on its first line; relative to the home.",
            required = false)
    String passphraseFile() default "";
}
