package io.culvert.backup;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.store.StoreException;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/backups}. */
final class BackupEndpoints implements WebEndpoints {
    private static final String PATH = "/api/v1/backups";

    private final Kept kept;
    private final BackupConfig config;
    private final Scheduled scheduled;
    private final BackupCommands commands;
    private final String host;
    private final Supplier<Optional<Command>> configSet;

    /**
     * @param host this machine's name, typed by whoever replaces what is on it
     * @param configSet the command {@code config set}, while there is one
     */
    BackupEndpoints(
            Kept kept,
            BackupConfig config,
            Scheduled scheduled,
            BackupCommands commands,
            String host,
            Supplier<Optional<Command>> configSet) {
        this.commands = commands;
        this.host = host;
        this.kept = kept;
        this.config = config;
        this.scheduled = scheduled;
        this.configSet = configSet;
    }

    /** A backup that is kept. */
    public record Backup(String name, Instant created, long bytes) {}

    /**
     * All of them, newest first.
     *
     * @param passphraseSet whether backups can be made without giving a passphrase
     * @param next when the schedule makes the next one
     * @param host the machine's name, which a restore asks for
     * @param problem why the latest scheduled one failed; empty when it did not
     */
    public record Backups(
            List<Backup> items,
            Plan schedule,
            boolean passphraseSet,
            @Nullable Instant next,
            String host,
            String problem) {}

    /** A backup that was sent, for a restore. */
    public record Sent(String upload) {}

    /**
     * Which backup takes the place of everything.
     *
     * @param name of one that is kept, or null
     * @param upload one that was sent, or null
     * @param passphrase of the backup
     * @param confirm the machine's name, typed
     */
    public record Restore(
            @Nullable String name, @Nullable String upload, @Nullable String passphrase, @Nullable String confirm) {
        @Override
        public String toString() {
            return "Restore[" + name + " " + upload + "]";
        }
    }

    /**
     * What the appliance will be when it has started again.
     *
     * @param host where the backup was made
     */
    public record Restored(String host, String created, String version, int files, int records) {}

    /** When backups are made, and how many stay. */
    public record Plan(String every, String at, int keep) {}

    /** A new schedule; what is null stays as it is. */
    public record PlanChange(
            @Nullable String every, @Nullable String at, @Nullable Integer keep, @Nullable String passphrase) {}

    /** A backup to be made, under the passphrase of the settings without one here. */
    public record Make(@Nullable String passphrase) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                WebEndpoint.get(PATH, Role.ADMINISTRATOR, "Lists the backups that are kept, and their schedule.",
                        Backups.class, request -> WebResponse.json(all())),
                WebEndpoint.post(PATH, Role.ADMINISTRATOR, "Makes a backup that is kept on the appliance.",
                        Make.class, Backup.class, this::make).with(Flag.FRESH_PROOF),
                WebEndpoint.get(PATH + "/{name}/file", Role.ADMINISTRATOR,
                        "Gives a backup's file, sealed under its passphrase.", Void.class, this::file)
                        .with(Flag.FRESH_PROOF),
                WebEndpoint.delete(PATH + "/{name}", Role.ADMINISTRATOR, "Removes a backup.", this::remove)
                        .with(Flag.FRESH_PROOF),
                new WebEndpoint("POST", PATH + "/uploads", Role.ADMINISTRATOR, "Takes a backup's file for a restore.",
                        Void.class, Sent.class, Set.of(Flag.RAW_BODY, Flag.FRESH_PROOF), this::receive),
                WebEndpoint.post(PATH + ":restore", Role.ADMINISTRATOR,
                        "Replaces everything with a backup, and starts the appliance again.", Restore.class, Restored.class,
                        this::restore).with(Flag.FRESH_PROOF),
                WebEndpoint.put(PATH + "/schedule", Role.ADMINISTRATOR, "Changes when backups are made.",
                        PlanChange.class, Plan.class, this::plan).with(Flag.FRESH_PROOF));
    }

    private Backups all() throws Exception {
        return new Backups(
                kept.list().stream().map(BackupEndpoints::shown).toList(),
                new Plan(config.schedule().every().name().toLowerCase(java.util.Locale.ROOT),
                        config.schedule().at().toString(), config.keep()),
                config.passphrase().isPresent(),
                scheduled.next().orElse(null),
                host,
                String.join("; ", scheduled.problems()));
    }

    private static Backup shown(Kept.Backup backup) {
        return new Backup(backup.name(), backup.created(), backup.bytes());
    }

    private WebResponse make(WebRequest request) throws Exception {
        String given = request.body(Make.class).passphrase();
        if (given != null && given.length() < BackupConfig.SHORTEST) {
            throw Problem.field("passphrase", "must have at least " + BackupConfig.SHORTEST + " characters");
        }
        char[] passphrase = Optional.ofNullable(given).or(config::passphrase)
                .orElseThrow(() -> Problem.field("passphrase", "is needed: none is set for all backups"))
                .toCharArray();
        try {
            Kept.Backup made = kept.make(passphrase);
            request.note("made " + made.name());
            return WebResponse.created(PATH + "/" + made.name(), shown(made));
        } catch (IOException | StoreException e) {
            throw Problem.unavailable("No backup was made: " + e.getMessage() + ".");
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    private WebResponse file(WebRequest request) throws Exception {
        String name = request.parameter("name");
        var file = kept.find(name).orElseThrow(() -> Problem.notFound("There is no backup " + name + "."));
        return WebResponse.bytes("application/octet-stream", Files.newInputStream(file))
                .with("Content-Disposition", "attachment; filename=\"" + name + "\"")
                .with("Content-Length", Long.toString(Files.size(file)));
    }

    private WebResponse remove(WebRequest request) throws Exception {
        String name = request.parameter("name");
        if (!kept.remove(name)) {
            throw Problem.notFound("There is no backup " + name + ".");
        }
        return WebResponse.none();
    }

    private WebResponse receive(WebRequest request) throws Exception {
        try {
            return WebResponse.created(PATH + "/uploads", new Sent(commands.receive(request.stream())));
        } catch (CommandException e) {
            throw Problem.refused(e.getMessage());
        }
    }

    private WebResponse restore(WebRequest request) throws Exception {
        Restore wish = request.body(Restore.class);
        if (!host.equals(wish.confirm())) {
            throw new Problem(422, "confirm", "Type the name of this machine, " + host + ": what is on it is replaced.",
                    Map.of("confirm", "must be " + host));
        }
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("passphrase", Optional.ofNullable(wish.passphrase()).orElse(""));
        arguments.put(wish.upload() == null ? "name" : "upload",
                wish.upload() == null ? Optional.ofNullable(wish.name()).orElse("") : wish.upload());
        request.target("backup " + (wish.upload() == null ? wish.name() : "that was sent"));
        try {
            Map<String, String> facts = commands.restore(arguments);
            request.note("of " + facts.get("host") + ", made " + facts.get("created"));
            return WebResponse.accepted(new Restored(
                    facts.getOrDefault("host", ""),
                    facts.getOrDefault("created", ""),
                    facts.getOrDefault("version", ""),
                    Integer.parseInt(facts.getOrDefault("files", "0")),
                    Integer.parseInt(facts.getOrDefault("records", "0"))));
        } catch (CommandException e) {
            throw e.getMessage().contains("passphrase")
                    ? Problem.field("passphrase", "does not open this backup; nothing was changed")
                    : Problem.refused(e.getMessage());
        }
    }

    /** The settings keep it: the passphrase first, as a schedule needs one. */
    private WebResponse plan(WebRequest request) throws Exception {
        PlanChange change = request.body(PlanChange.class);
        Command set = configSet.get()
                .orElseThrow(() -> Problem.unavailable("Settings cannot be changed: the module control does not run."));
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("passphrase", change.passphrase());
        values.put("at", change.at());
        values.put("keep", change.keep());
        values.put("schedule", change.every());
        for (var each : values.entrySet()) {
            Object value = each.getValue();
            if (value != null) {
                try {
                    String text = value instanceof String words ? "'" + words.replace("'", "''") + "'" : value.toString();
                    set.run(Map.of("path", "backup." + each.getKey(), "value", text), part -> true);
                } catch (CommandException e) {
                    throw Problem.field(each.getKey().equals("schedule") ? "every" : each.getKey(),
                            "was refused: " + e.getMessage());
                }
            }
        }
        return WebResponse.json(new Plan(
                Optional.ofNullable(change.every()).orElse(all().schedule().every()),
                Optional.ofNullable(change.at()).orElse(all().schedule().at()),
                Optional.ofNullable(change.keep()).orElse(all().schedule().keep())));
    }
}
