package io.culvert.swap.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The single steps of which durable writes are made; tests end the process between any two of them. */
interface FileSteps {
    /** Writes a new file, and returns when its bytes are on the disk. */
    void write(Path file, byte[] bytes) throws IOException;

    /** Gives a file another name, in place of whatever had it. */
    void rename(Path from, Path to) throws IOException;

    /** Returns when the names in a directory are on the disk. */
    void sync(Path directory) throws IOException;

    void delete(Path file) throws IOException;

    /** The real ones; files are for their owner only. */
    static FileSteps real() {
        return new FileSteps() {
            @Override
            public void write(Path file, byte[] bytes) throws IOException {
                Files.deleteIfExists(file);
                var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
                try (var channel = FileChannel.open(
                        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
                    var buffer = ByteBuffer.wrap(bytes);
                    while (buffer.hasRemaining()) {
                        channel.write(buffer);
                    }
                    channel.force(true);
                }
            }

            @Override
            public void rename(Path from, Path to) throws IOException {
                Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            }

            @Override
            public void sync(Path directory) throws IOException {
                try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }

            @Override
            public void delete(Path file) throws IOException {
                Files.deleteIfExists(file);
            }
        };
    }
}
