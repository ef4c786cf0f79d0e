package io.culvert.log.file;

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
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that is set aside when it has grown or is old: {@code culvert.log} becomes {@code culvert.log.1}, that becomes
 * {@code .2}, and the oldest goes. When somebody else moves or deletes the file, a new one is begun.
 *
 * <p>Threads: one.
 */
final class RotatingFile implements AutoCloseable {
    private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(10);

    /**
     * When a file is set aside, and how long it is kept.
     *
     * @param older how many files are kept beside the current one
     * @param maxAge of the current file; zero for no limit
     * @param retain older files go when they were last written so long ago; zero for no limit
     */
    record Limits(long maxBytes, int older, Duration maxAge, Duration retain) {}

    private final Path path;
    private final Limits limits;
    private final Set<PosixFilePermission> mode;
    private final InstantSource clock;
    private @Nullable FileChannel channel;
    private @Nullable Object identity;
    private Instant begun = Instant.EPOCH;
    private Instant looked = Instant.EPOCH;

    RotatingFile(Path path, Limits limits, Set<PosixFilePermission> mode, InstantSource clock) {
        this.path = path;
        this.limits = limits;
        this.mode = mode;
        this.clock = clock;
    }

    /** All of the text or nothing: after an exception the file is as it was. */
    void append(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        FileChannel file = open();
        if (file.size() > 0 && (file.size() + bytes.length > limits.maxBytes || tooOld())) {
            rotate();
            file = open();
        }
        dropOutdated();
        long before = file.size();
        try {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
        } catch (IOException e) {
            if (file.isOpen()) {
                file.truncate(before);
            } else {
                channel = null;
            }
            throw e;
        }
    }

    private boolean tooOld() {
        return !limits.maxAge.isZero() && !clock.instant().isBefore(begun.plus(limits.maxAge));
    }

    private FileChannel open() throws IOException {
        if (channel != null && !Objects.equals(identity, identityOfPath())) {
            close();
        }
        if (channel == null) {
            Files.createDirectories(path.getParent());
            boolean there = Files.exists(path);
            var opened = FileChannel.open(
                    path,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                    PosixFilePermissions.asFileAttribute(mode));
            channel = opened;
            if (!Files.getPosixFilePermissions(path).equals(mode)) {
                Files.setPosixFilePermissions(path, mode);
            }
            begun = there
                    ? Files.readAttributes(path, BasicFileAttributes.class).creationTime().toInstant()
                    : clock.instant();
            identity = identityOfPath();
        }
        return channel;
    }

    /** Tells a file from another that took its name. */
    private @Nullable Object identityOfPath() throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private void rotate() throws IOException {
        close();
        int last = limits.older;
        Files.deleteIfExists(numbered(last));
        for (int i = last - 1; i >= 1; i--) {
            if (Files.exists(numbered(i))) {
                Files.move(numbered(i), numbered(i + 1), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        if (last == 0) {
            Files.deleteIfExists(path);
        } else {
            Files.move(path, numbered(1), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private void dropOutdated() throws IOException {
        Instant now = clock.instant();
        if (limits.retain.isZero() || now.isBefore(looked.plus(BETWEEN_LOOKS))) {
            return;
        }
        looked = now;
        for (int i = 1; i <= limits.older; i++) {
            Path file = numbered(i);
            if (Files.exists(file)
                    && Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(limits.retain))) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Path numbered(int number) {
        return path.resolveSibling(path.getFileName() + (number == 0 ? "" : "." + number));
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
