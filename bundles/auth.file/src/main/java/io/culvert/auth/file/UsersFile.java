package io.culvert.auth.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file: looked at before every use, so that an edit by hand counts at once, and replaced as a whole when it is
 * changed by command.
 */
final class UsersFile {
    private static final Logger LOG = LoggerFactory.getLogger(UsersFile.class);
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");
    private static final long MAX_BYTES = 16 * 1024 * 1024;

    /** A second change within one tick of the file system's clock would leave the same time behind. */
    private static final Duration TICK = Duration.ofMillis(100);

    private record Stamp(Instant modified, long size, @Nullable Object file) {}

    private record Seen(@Nullable Stamp stamp, boolean settled, Users users) {}

    /** A change of the users, or a refusal by exception. */
    @FunctionalInterface
    interface Change<E extends Exception> {
        Users apply(Users users) throws E;
    }

    private final Path path;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Seen seen = new Seen(null, true, Users.of(List.of()));

    UsersFile(Path path) {
        this.path = path;
    }

    /** What the file says now; nobody when there is no file. */
    Users read() throws IOException {
        Stamp stamp = stamp();
        Seen last = seen;
        if (last.settled() && Objects.equals(last.stamp(), stamp)) {
            return last.users();
        }
        lock.lock();
        try {
            return load();
        } finally {
            lock.unlock();
        }
    }

    /** What it said when it was last looked at. */
    Users peek() {
        return seen.users();
    }

    private Users load() throws IOException {
        Instant before = Instant.now();
        Stamp stamp = stamp();
        if (stamp == null) {
            seen = new Seen(null, true, Users.of(List.of()));
            return seen.users();
        }
        if (stamp.size() > MAX_BYTES) {
            throw new IOException(path + " has " + stamp.size() + " bytes, at most " + MAX_BYTES + " are read");
        }
        restrict();
        // One character per byte: what a person typed in whatever encoding comes back unchanged.
        Users users = Users.of(Files.readAllLines(path, StandardCharsets.ISO_8859_1));
        if (!users.problems().equals(seen.users().problems())) {
            for (Users.Problem problem : users.problems()) {
                LOG.warn("auth.file {} {}; nobody comes in by this line", path, problem);
            }
        }
        seen = new Seen(stamp, stamp.modified().plus(TICK).isBefore(before), users);
        return users;
    }

    private void restrict() throws IOException {
        if (!Files.readAttributes(path, PosixFileAttributes.class).permissions().equals(PRIVATE)) {
            Files.setPosixFilePermissions(path, PRIVATE);
            LOG.warn("auth.file {}: had the wrong permissions, set to 0600", path);
        }
    }

    private @Nullable Stamp stamp() throws IOException {
        try {
            var attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime().toInstant(), attributes.size(), attributes.fileKey());
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Durable when it returns; without effect when {@code change} throws. */
    <E extends Exception> void change(Change<E> change) throws E, IOException {
        lock.lock();
        try {
            Users changed = change.apply(load());
            write(changed);
            load();
        } finally {
            lock.unlock();
        }
    }

    private void write(Users users) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        var text = new StringBuilder();
        users.lines().forEach(line -> text.append(line).append('\n'));
        try (FileChannel channel = FileChannel.open(
                unfinished,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PRIVATE))) {
            ByteBuffer bytes = StandardCharsets.ISO_8859_1.encode(text.toString());
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
