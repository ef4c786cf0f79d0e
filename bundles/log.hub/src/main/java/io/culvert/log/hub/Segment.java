package io.culvert.log.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One file of a {@link DiskQueue}: entries as length (4 bytes), CRC-32C of the entry (4 bytes), entry. Only the process
 * that made it appends to it; what follows the first entry that is cut short or damaged is not read.
 */
final class Segment implements AutoCloseable {
    private static final int HEADER = 8;
    private static final int MAX_ENTRY = 16 << 20;

    final long number;
    private final Path path;
    private final FileChannel channel;
    /** Where the next entry to read begins. */
    private long position;
    /** Where the sound entries end. */
    private long end;
    /** Entries from {@link #position} on. */
    private long remaining;

    private Segment(long number, Path path, FileChannel channel) {
        this.number = number;
        this.path = path;
        this.channel = channel;
    }

    static Segment create(long number, Path path) throws IOException {
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        return new Segment(
                number,
                path,
                FileChannel.open(
                        path,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                        mode));
    }

    /** @param from where the first entry begins that was not taken */
    static Segment open(long number, Path path, long from) throws IOException {
        var segment = new Segment(number, path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
        segment.position = Math.min(from, segment.channel.size());
        segment.end = segment.position;
        for (byte[] entry = segment.read(segment.end); entry != null; entry = segment.read(segment.end)) {
            segment.end += HEADER + entry.length;
            segment.remaining++;
        }
        return segment;
    }

    /** Whether there is nothing behind the sound entries. */
    boolean isWhole() throws IOException {
        return channel.size() == end;
    }

    void append(byte[] entry) throws IOException {
        var buffer = ByteBuffer.allocate(HEADER + entry.length).putInt(entry.length).putInt(crc(entry)).put(entry).flip();
        long at = end;
        try {
            while (buffer.hasRemaining()) {
                at += channel.write(buffer, at);
            }
        } catch (IOException e) {
            // A full disk: the half is overwritten by the next that fits.
            channel.truncate(end);
            throw e;
        }
        end = at;
        remaining++;
    }

    /** Adds the first {@code count} entries that remain, or fewer, to {@code entries}. */
    void peek(int count, List<byte[]> entries) throws IOException {
        long at = position;
        for (int i = 0; i < Math.min(count, remaining); i++) {
            byte[] entry = read(at);
            if (entry == null) {
                throw new IOException(path + " changed while it was read");
            }
            entries.add(entry);
            at += HEADER + entry.length;
        }
    }

    void skip(long count) throws IOException {
        for (long i = 0; i < count; i++) {
            var header = ByteBuffer.allocate(HEADER);
            channel.read(header, position);
            position += HEADER + header.getInt(0);
            remaining--;
        }
    }

    private byte @Nullable [] read(long at) throws IOException {
        var header = ByteBuffer.allocate(HEADER);
        if (!fill(header, at)) {
            return null;
        }
        int length = header.getInt(0);
        if (length < 0 || length > MAX_ENTRY || at + HEADER + length > channel.size()) {
            return null;
        }
        var entry = ByteBuffer.allocate(length);
        return fill(entry, at + HEADER) && crc(entry.array()) == header.getInt(4) ? entry.array() : null;
    }

    private boolean fill(ByteBuffer buffer, long at) throws IOException {
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, at + buffer.position());
            if (read < 0) {
                return false;
            }
        }
        return true;
    }

    private static int crc(byte[] entry) {
        var crc = new CRC32C();
        crc.update(entry);
        return (int) crc.getValue();
    }

    long position() {
        return position;
    }

    long size() {
        return end;
    }

    long remaining() {
        return remaining;
    }

    void delete() throws IOException {
        close();
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
