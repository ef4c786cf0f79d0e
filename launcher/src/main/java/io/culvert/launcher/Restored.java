package io.culvert.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;

/**
 * Puts a backup in the place of a home's {@code etc} and {@code var}. It is laid out in {@code restoring}, and true from
 * the moment in which that becomes {@code restored}: whoever comes next moves what has not been moved yet.
 */
final class Restored {
    private static final List<String> PARTS = List.of("etc", "var");

    private final Path home;

    Restored(HomeDirectory home) {
        this.home = home.path();
    }

    private Path draft() {
        return home.resolve("restoring");
    }

    private Path whole() {
        return home.resolve("restored");
    }

    /** An empty directory for the backup to be laid out in. */
    Path begin() {
        try {
            delete(draft());
            return Files.createDirectory(
                    draft(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new Failure("cannot restore into " + home + ": " + Errors.line(e));
        }
    }

    /** Takes back what {@link #begin} began. */
    void abandon() {
        try {
            delete(draft());
        } catch (IOException e) {
            throw new Failure("cannot remove " + draft() + ": " + Errors.line(e));
        }
    }

    /** The backup lies in {@link #begin}'s directory, all of it. */
    void commit() {
        try {
            ownAs(home, draft());
            Files.move(draft(), whole(), StandardCopyOption.ATOMIC_MOVE);
            sync(home);
        } catch (IOException e) {
            throw new Failure("cannot restore into " + home + ": " + Errors.line(e));
        }
    }

    /** Whether something was committed that is not in its place yet. */
    boolean waits() {
        return Files.isDirectory(whole());
    }

    /** Moves what was committed to its place; nothing when there is nothing. What was there is kept beside it. */
    void finish() {
        if (!Files.isDirectory(whole())) {
            return;
        }
        try {
            Path before = home.resolve(
                    "before-restore-" + LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")));
            for (String part : PARTS) {
                if (Files.exists(whole().resolve(part))) {
                    setAside(home.resolve(part), before.resolve(part));
                    Files.move(whole().resolve(part), home.resolve(part), StandardCopyOption.ATOMIC_MOVE);
                }
            }
            sync(home);
            delete(whole());
        } catch (IOException e) {
            throw new Failure("cannot finish the restore in " + home + ": " + Errors.line(e) + "; mend that, then start again");
        }
    }

    private void setAside(Path present, Path kept) throws IOException {
        if (!hasFiles(present)) {
            delete(present);
            return;
        }
        if (!Files.isDirectory(kept.getParent())) {
            Files.createDirectory(
                    kept.getParent(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        Files.move(present, kept, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Whether the home keeps anything that a restore would replace; the log does not count. */
    boolean hasSomethingToLose() {
        try {
            return hasFiles(home.resolve("etc"))
                    || hasFiles(home.resolve("var"), home.resolve("var/log"));
        } catch (IOException e) {
            throw new Failure("cannot look into " + home + ": " + Errors.line(e));
        }
    }

    private static boolean hasFiles(Path directory, Path... leftOut) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (var all = Files.walk(directory)) {
            return all.filter(each -> List.of(leftOut).stream().noneMatch(each::startsWith))
                    .anyMatch(each -> !Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Restored by root, used by the one whom the home belongs to. */
    private static void ownAs(Path home, Path top) throws IOException {
        var owner = Files.readAttributes(home, PosixFileAttributes.class);
        if (owner.owner().equals(Files.getOwner(top))) {
            return;
        }
        try (var all = Files.walk(top)) {
            for (Path each : all.toList()) {
                var view = Files.getFileAttributeView(each, PosixFileAttributeView.class);
                view.setOwner(owner.owner());
                view.setGroup(owner.group());
            }
        }
    }

    private static void delete(Path top) throws IOException {
        if (!Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var all = Files.walk(top)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
