package io.culvert.backup;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.backup.restore.Staging;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this very appliance the one of a backup. The backup is laid out in {@code restoring} and counts from the moment in
 * which that becomes {@code restored}: before it, nothing has changed, whatever happens; after it, the next start puts it in
 * the place of what is here, which is kept beside it. So the appliance goes on as it was until it is stopped.
 */
final class Restoring {
    private static final Logger LOG = LoggerFactory.getLogger(Restoring.class);
    private static final long SPARE_BYTES = 64L << 20;
    private static final Duration ANSWER = Duration.ofMillis(700);

    private final Path home;
    private final Supplier<Optional<Command>> stop;
    private final SecureRandom random = new SecureRandom();
    private final ReentrantLock working = new ReentrantLock();

    /** @param stop the command that ends the appliance, while there is one; the launcher starts it again */
    Restoring(Path home, Supplier<Optional<Command>> stop) {
        this.home = home;
        this.stop = stop;
    }

    private Path uploads() {
        return home.resolve("var/restore/uploads");
    }

    private Path draft() {
        return home.resolve("restoring");
    }

    private Path whole() {
        return home.resolve("restored");
    }

    /** Takes away what an earlier run has left. */
    void sweep() throws IOException {
        delete(draft());
        delete(uploads());
    }

    /**
     * Takes a backup that comes from elsewhere, in place of the one that came before it.
     *
     * @return what it is called from now on
     */
    String receive(InputStream in) throws IOException, CommandException {
        delete(uploads());
        Files.createDirectories(
                uploads(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        byte[] bytes = new byte[8];
        random.nextBytes(bytes);
        String name = HexFormat.of().formatHex(bytes);
        long most = Files.getFileStore(uploads()).getUsableSpace() - SPARE_BYTES;
        try (OutputStream out = Channels.newOutputStream(FileChannel.open(
                uploads().resolve(name),
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))))) {
            byte[] buffer = new byte[1 << 16];
            long length = 0;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                length += n;
                if (length > most) {
                    throw new CommandException("the disk has no room for this file; make some, then send it again");
                }
                out.write(buffer, 0, n);
            }
            return name;
        } catch (IOException | CommandException e) {
            Files.deleteIfExists(uploads().resolve(name));
            throw e;
        }
    }

    /** The file of what {@link #receive} took; empty when it is gone. */
    Optional<Path> upload(String name) {
        return name.matches("[0-9a-f]{16}")
                ? Optional.of(uploads().resolve(name)).filter(Files::isRegularFile)
                : Optional.empty();
    }

    /**
     * Makes the next start one with what the file holds.
     *
     * @return the backup's facts, as {@link Staging} gives them
     * @throws CommandException when the file cannot be used: nothing has changed then
     */
    Map<String, String> restore(Path file, char[] passphrase) throws IOException, CommandException {
        if (!working.tryLock()) {
            throw new CommandException("a backup is being restored already");
        }
        try {
            if (Files.exists(whole())) {
                throw new CommandException("a backup waits for the next start already");
            }
            delete(draft());
            Files.createDirectory(
                    draft(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Map<String, String> facts =
                    new Staging().apply(Map.of("file", file, "passphrase", passphrase, "directory", draft()));
            if (facts.containsKey("error")) {
                delete(draft());
                throw new CommandException(facts.get("error").replace(file.toString(), "the file"));
            }
            Files.move(draft(), whole(), StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel channel = FileChannel.open(home, StandardOpenOption.READ)) {
                channel.force(true);
            }
            LOG.warn("backup: the backup of {} of {} takes the place of what is here with the next start",
                    facts.get("host"), facts.get("created"));
            return facts;
        } catch (FileAlreadyExistsException e) {
            throw new CommandException("a backup is being restored already", e);
        } catch (OutOfMemoryError e) {
            delete(draft());
            throw new CommandException("opening this file takes more memory than the running appliance has; stop it and use:"
                    + " culvert restore --force FILE", e);
        } finally {
            working.unlock();
        }
    }

    /** Ends the appliance in a moment, so that whoever asked still hears the answer. */
    void restart() {
        Thread.ofVirtual().name("backup-restart").start(() -> {
            try {
                Thread.sleep(ANSWER);
                Optional<Command> command = stop.get();
                if (command.isPresent()) {
                    command.get().run(Map.of(), _ -> true);
                } else {
                    LOG.error("backup: nobody answers 'stop'; start the appliance again, and it has what the backup holds");
                }
            } catch (CommandException e) {
                LOG.error("backup: the appliance does not stop, {}; start it again", e.getMessage());
            } catch (InterruptedException e) {
                // It stops already.
            }
        });
    }

    private static void delete(Path top) throws IOException {
        if (Files.exists(top)) {
            try (var all = Files.walk(top)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }
}
