package io.culvert.backup;

import io.culvert.api.store.StoreException;
import io.culvert.backup.age.AgeOutput;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The directory of backups. A file that has its final name is whole and on the disk, whenever the process is killed.
 *
 * <p>Threads: any; one backup is made at a time.
 */
final class Kept {
    private static final Pattern NAME = Pattern.compile("culvert-([0-9]{8}-[0-9]{6})\\.age");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");
    private static final String DRAFT = ".new";
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path directory;
    private final Archive archive;
    private final InstantSource clock;
    private final ReentrantLock making = new ReentrantLock();

    Kept(Path directory, Archive archive, InstantSource clock) {
        this.directory = directory;
        this.archive = archive;
        this.clock = clock;
    }

    /** A backup at hand. */
    record Backup(String name, Instant created, long bytes) {}

    /** Removes what a process that was killed left half done. */
    void sweep() throws IOException {
        if (Files.isDirectory(directory)) {
            for (Path file : files()) {
                if (file.getFileName().toString().endsWith(DRAFT)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Makes one, which stays until it is removed or {@link #prune pruned}. */
    Backup make(char[] passphrase) throws IOException, StoreException {
        return making(now -> {
            String name = "culvert-" + TIME.format(now.atOffset(ZoneOffset.UTC)) + ".age";
            Path file = directory.resolve(name);
            Path draft = directory.resolve(name + DRAFT);
            try {
                write(draft, passphrase, now);
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
                sync();
            } finally {
                Files.deleteIfExists(draft);
            }
            return new Backup(name, now, Files.size(file));
        });
    }

    /** Makes one to be read once; its file has no name any more, and is gone when the channel is closed. */
    FileChannel passing(char[] passphrase) throws IOException, StoreException {
        return making(now -> {
            Path draft = directory.resolve("passing-" + now.toEpochMilli() + DRAFT);
            try {
                write(draft, passphrase, now);
                return FileChannel.open(draft, StandardOpenOption.READ);
            } finally {
                Files.deleteIfExists(draft);
            }
        });
    }

    @FunctionalInterface
    private interface Making<T> {
        T run(Instant now) throws IOException, StoreException;
    }

    private <T> T making(Making<T> work) throws IOException, StoreException {
        making.lock();
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory.toAbsolutePath().getParent());
                Files.createDirectory(directory, PRIVATE_DIRECTORY);
            }
            return work.run(Instant.ofEpochSecond(clock.instant().getEpochSecond()));
        } catch (IOException e) {
            throw new IOException(Reason.of(e, directory), e);
        } finally {
            making.unlock();
        }
    }

    private void write(Path draft, char[] passphrase, Instant now) throws IOException, StoreException {
        archive.write(() -> new AgeOutput(new BufferedOutputStream(durable(draft), 1 << 16), passphrase), now);
    }

    /** A new file whose bytes are on the disk when it is closed. */
    private static OutputStream durable(Path file) throws IOException {
        Files.deleteIfExists(file);
        FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE_FILE);
        return new FilterOutputStream(Channels.newOutputStream(channel)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
            }

            @Override
            public void close() throws IOException {
                try (channel) {
                    if (channel.isOpen()) {
                        channel.force(true);
                    }
                }
            }
        };
    }

    private void sync() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Newest first. */
    List<Backup> list() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        var backups = new ArrayList<Backup>();
        for (Path file : files()) {
            var name = NAME.matcher(file.getFileName().toString());
            if (name.matches()) {
                Instant created = LocalDateTime.parse(name.group(1), TIME).toInstant(ZoneOffset.UTC);
                backups.add(new Backup(name.group(), created, Files.size(file)));
            }
        }
        backups.sort(java.util.Comparator.comparing(Backup::created).reversed());
        return backups;
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** The file of that name; empty when there is none. */
    Optional<Path> find(String name) {
        return Optional.of(name)
                .filter(text -> NAME.matcher(text).matches())
                .map(directory::resolve)
                .filter(Files::isRegularFile);
    }

    /** Removes one. Gives whether there was such a backup. */
    boolean remove(String name) throws IOException {
        Optional<Path> file = find(name);
        return file.isPresent() && Files.deleteIfExists(file.get());
    }

    /** Removes all but the newest {@code count}. */
    void prune(int count) throws IOException {
        for (Backup old : list().stream().skip(count).toList()) {
            remove(old.name());
        }
    }
}
