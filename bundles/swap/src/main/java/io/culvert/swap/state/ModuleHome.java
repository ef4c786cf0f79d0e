package io.culvert.swap.state;

import io.culvert.swap.state.ModuleEntry.Standing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * {@code var/modules/}: the jars, which of them run, and the changes.
 *
 * <p>Threads: one at a time for what writes, any for what reads.
 */
public final class ModuleHome {
    private static final long MAX_JAR_BYTES = 256L << 20;

    private final Path jars;
    private final DurableFiles files;
    private final ModuleStates states;
    private final ChangeLog changes;
    private final InstantSource clock;

    public ModuleHome(Path directory, InstantSource clock) throws IOException {
        this(directory, clock, FileSteps.real());
    }

    ModuleHome(Path directory, InstantSource clock, FileSteps steps) throws IOException {
        this.clock = clock;
        files = new DurableFiles(steps);
        DurableFiles.directory(directory);
        jars = DurableFiles.directory(directory.resolve("jars"));
        states = new ModuleStates(directory.resolve("state.json"), files);
        changes = new ChangeLog(DurableFiles.directory(directory.resolve("changes")), files);
    }

    public ModuleStates states() {
        return states;
    }

    public ChangeLog changes() {
        return changes;
    }

    public Path file(Jar jar) {
        return jars.resolve(jar.sha256() + ".jar");
    }

    /** The SHA-256 of a file in lower-case hex. */
    public static String hash(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Puts a copy of a jar beside the others. Returns when it is on the disk. */
    public Jar take(Path source, String version) throws IOException {
        if (Files.size(source) > MAX_JAR_BYTES) {
            throw new IOException(source + " is longer than " + MAX_JAR_BYTES + " bytes");
        }
        byte[] bytes = Files.readAllBytes(source);
        try {
            var jar = new Jar(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)), version);
            Path file = file(jar);
            if (!Files.exists(file) || !hash(file).equals(jar.sha256())) {
                files.replace(file, bytes);
            }
            return jar;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A new change in the state {@code draft}. */
    public Change begin(
            Change.Kind kind,
            String module,
            String target,
            Optional<Jar> jar,
            String from,
            Change.Strategy strategy,
            int watchSeconds,
            String note,
            String planHash)
            throws IOException {
        Instant now = clock.instant();
        var change = new Change(
                changes.next(),
                kind,
                module,
                target,
                jar,
                from,
                strategy,
                watchSeconds,
                note,
                planHash,
                new ChangeState.Draft(),
                now,
                now,
                List.of());
        changes.save(change);
        return change;
    }

    /** Moves a change on. Returns when that is on the disk. */
    public Change move(Change change, ChangeState state) throws IOException {
        Change moved = change.at(state, clock.instant());
        changes.save(moved);
        return moved;
    }

    /** Notes something about a change; it is on the disk with the next move. */
    public Change note(Change change, String line) {
        return change.with(line, clock.instant());
    }

    /**
     * Makes a change true: a restart keeps it from the moment in which {@code state.json} is replaced.
     *
     * @param before the jar that ran before, a copy of it at hand; empty when none did
     * @param shippedHash of the jar that came with the release, if one did
     */
    public void commit(Change change, Optional<Jar> before, Optional<String> shippedHash) throws IOException {
        ModuleEntry old = states.of(change.module());
        ModuleEntry next = switch (change.kind()) {
            case INSTALL, UPDATE, ROLLBACK -> new ModuleEntry(
                    change.jar().filter(jar -> !shippedHash.equals(Optional.of(jar.sha256()))),
                    before.filter(jar -> !Optional.of(jar).equals(change.jar())).or(old::kept),
                    Standing.RUNNING,
                    change.id());
            case START -> new ModuleEntry(old.current(), old.kept(), Standing.RUNNING, change.id());
            case STOP -> new ModuleEntry(old.current(), old.kept(), Standing.STOPPED, change.id());
            case REMOVE -> new ModuleEntry(Optional.empty(), before.or(old::kept), Standing.REMOVED, change.id());
        };
        states.put(change.module(), next);
    }

    /** Takes a committed change back. */
    public void revert(Change change, ModuleEntry before) throws IOException {
        states.put(change.module(), before);
    }

    /**
     * Settles the changes that the process before this one left unfinished: those that had come true are kept, the others
     * are not, and it is the old module that has been started.
     *
     * @return the changes that were settled
     */
    public List<Change> settle() throws IOException {
        var settled = new java.util.ArrayList<Change>();
        for (Change change : changes.all()) {
            if (!change.state().over()) {
                settled.add(move(change, outcome(change)));
            }
        }
        changes.prune();
        sweep(Set.of());
        return settled;
    }

    private ChangeState outcome(Change change) {
        if (states.of(change.module()).change() == change.id()) {
            return new ChangeState.Kept("the process ended while it came true");
        }
        return switch (change.state()) {
            case ChangeState.Draft _, ChangeState.Planned _, ChangeState.Approved _ ->
                new ChangeState.Cancelled("the process ended before it was begun");
            case ChangeState.Staging _ -> new ChangeState.Failed("the process ended; nothing had moved");
            default -> new ChangeState.RolledBack(
                    "the process ended before the change was kept; what was there before runs again");
        };
    }

    /**
     * Deletes jars that nothing refers to any more, and drafts of files.
     *
     * @param inUse hashes of jars that run now, whatever is to run after a restart
     */
    public void sweep(Set<String> inUse) throws IOException {
        var needed = new HashSet<String>();
        inUse.forEach(hash -> needed.add(hash + ".jar"));
        for (ModuleEntry entry : states.all().values()) {
            entry.current().ifPresent(jar -> needed.add(jar.sha256() + ".jar"));
            entry.kept().ifPresent(jar -> needed.add(jar.sha256() + ".jar"));
        }
        for (Change change : changes.all()) {
            if (!change.state().over()) {
                change.jar().ifPresent(jar -> needed.add(jar.sha256() + ".jar"));
            }
        }
        try (var entries = Files.list(jars)) {
            for (Path file : entries.toList()) {
                if (!needed.contains(file.getFileName().toString())) {
                    files.delete(file);
                }
            }
        } catch (NoSuchFileException e) {
            // Somebody else tidied up.
        }
    }
}
