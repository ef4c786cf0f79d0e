package io.culvert.store.local;

import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * Where the store keeps its files, for this process alone: the lock is held from {@link #open} to {@link #close}.
 *
 * <p>{@code var/store} has the mode 0700, the files in it 0600.
 */
final class StoreFiles implements AutoCloseable {
    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    /** Given to every file that is made. */
    static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE = PosixFilePermissions.asFileAttribute(FILE);

    private final Path directory;
    private final Path libraries;
    private final FileChannel lockFile;

    private StoreFiles(Path directory, Path libraries, FileChannel lockFile) {
        this.directory = directory;
        this.libraries = libraries;
        this.lockFile = lockFile;
    }

    static StoreFiles open(Path home) throws StoreException {
        Path directory = home.resolve("var").resolve("store");
        Path libraries = home.resolve("run").resolve("sqlite");
        FileChannel lockFile = null;
        try {
            privateDirectory(directory);
            lockFile = FileChannel.open(
                    directory.resolve("lock"),
                    EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PRIVATE_FILE);
            if (!tryLock(lockFile)) {
                lockFile.close();
                throw new StoreException("store local: another process uses " + directory
                        + ": stop it first, or give this one another home");
            }
            privateDirectory(libraries);
            removeLeftOvers(libraries);
            return new StoreFiles(directory, libraries, lockFile);
        } catch (IOException e) {
            if (lockFile != null) {
                closeQuietly(lockFile);
            }
            throw new StoreException("store local: cannot use " + directory + ": " + reason(e)
                    + ": make it writable for the user that runs Culvert", e);
        }
    }

    private static boolean tryLock(FileChannel lockFile) throws IOException {
        try {
            FileLock lock = lockFile.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static void privateDirectory(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(parent);
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
            sync(parent);
            sync(parent.getParent());
        }
        // An unpacked backup may have come with wider permissions.
        Files.setPosixFilePermissions(directory, DIRECTORY);
    }

    /** A JVM that was killed could not remove its copy of the native library. */
    private static void removeLeftOvers(Path libraries) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(libraries, "sqlite-*")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }

    Path database() {
        return directory.resolve("culvert.db");
    }

    Path key() {
        return directory.resolve("key");
    }

    /** Where the native library is unpacked. */
    Path libraries() {
        return libraries;
    }

    /** Makes the names in the directory durable. */
    void sync() throws IOException {
        sync(directory);
    }

    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static String reason(IOException e) {
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    @Override
    public void close() {
        closeQuietly(lockFile);
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written to it, and the lock is gone either way.
            return;
        }
    }
}
