package io.culvert.log.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that is set aside when it has grown: {@code culvert.log} becomes {@code culvert.log.1}, that becomes
 * {@code .2}, and the oldest goes. When somebody else moves or deletes the file, a new one is begun.
 *
 * <p>Threads: one.
 */
final class RotatingFile implements AutoCloseable {
    private static final String MODE = "rw-r-----";

    private final Path path;
    private final long maxBytes;
    private final int older;
    private @Nullable FileChannel channel;

    /** @param older how many files are kept beside the current one */
    RotatingFile(Path path, long maxBytes, int older) {
        this.path = path;
        this.maxBytes = maxBytes;
        this.older = older;
    }

    void append(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        FileChannel file = open();
        if (file.size() > 0 && file.size() + bytes.length > maxBytes) {
            rotate();
            file = open();
        }
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
    }

    private FileChannel open() throws IOException {
        if (channel != null && !Files.exists(path)) {
            close();
        }
        if (channel == null) {
            Files.createDirectories(path.getParent());
            channel = FileChannel.open(
                    path,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
        }
        return channel;
    }

    private void rotate() throws IOException {
        close();
        Files.deleteIfExists(numbered(older));
        for (int i = older - 1; i >= 1; i--) {
            if (Files.exists(numbered(i))) {
                Files.move(numbered(i), numbered(i + 1), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        if (older == 0) {
            Files.deleteIfExists(path);
        } else {
            Files.move(path, numbered(1), StandardCopyOption.ATOMIC_MOVE);
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
