package io.culvert.log.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Log entries that wait in files of a directory of their own, oldest first. Past its limit the oldest file goes. What was
 * appended survives the end of the process; only the end of the machine can cost the newest, as nothing is forced to
 * the medium.
 *
 * <p>Files: {@code NUMBER.entries} ({@link Segment}), and {@code taken}: number of the first file and where its first
 * entry begins that was not taken. Without a sound {@code taken} everything is read, so that entries come twice rather
 * than not at all.
 *
 * <p>Threads: one at a time.
 */
final class DiskQueue implements AutoCloseable {
    private static final String SUFFIX = ".entries";
    /** The first number leaves room below, for entries that are put in front. */
    private static final long FIRST = 1_000_000_000L;

    private static final int TAKEN = 20;

    private final Path directory;
    private final long maxBytes;
    private final long segmentBytes;
    private final ArrayDeque<Segment> segments = new ArrayDeque<>();
    private final FileChannel taken;
    private boolean appendable;
    /** Never the number that {@code taken} has: what it says about a file holds for no later one. */
    private long next = FIRST;

    private DiskQueue(Path directory, long maxBytes, FileChannel taken) {
        this.directory = directory;
        this.maxBytes = maxBytes;
        this.segmentBytes = Math.clamp(maxBytes / 16, 4096, 4 << 20);
        this.taken = taken;
    }

    /** Whether entries of an earlier run may wait in the directory. */
    static boolean exists(Path directory) {
        return Files.isDirectory(directory);
    }

    static DiskQueue open(Path directory, long maxBytes) throws IOException {
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createDirectories(directory, mode);
        var taken = FileChannel.open(
                directory.resolve("taken"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        var queue = new DiskQueue(directory, maxBytes, taken);
        try {
            queue.load();
            return queue;
        } catch (IOException | RuntimeException e) {
            queue.close();
            throw e;
        }
    }

    private void load() throws IOException {
        var found = new TreeMap<Long, Path>();
        try (var files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String number = name.substring(0, name.length() - SUFFIX.length());
                if (number.matches("[0-9]{1,18}")) {
                    found.put(Long.valueOf(number), file);
                }
            }
        }
        var mark = ByteBuffer.allocate(TAKEN);
        boolean sound = taken.read(mark, 0) == TAKEN && mark.getInt(16) == crc(mark);
        long first = sound ? mark.getLong(0) : 0;
        next = Math.max(next, 1 + Math.max(first, found.isEmpty() ? 0 : found.lastKey()));
        for (var each : found.entrySet()) {
            if (each.getKey() < first) {
                Files.deleteIfExists(each.getValue());
                continue;
            }
            var segment = Segment.open(each.getKey(), each.getValue(), each.getKey() == first ? mark.getLong(8) : 0);
            if (segment.remaining() == 0) {
                segment.delete();
            } else {
                segments.add(segment);
            }
        }
        // Else each start of the hub would add a file, while the far end is away.
        appendable = !segments.isEmpty() && segments.getLast().isWhole();
    }

    boolean isEmpty() {
        return segments.isEmpty();
    }

    long size() {
        return segments.stream().mapToLong(Segment::remaining).sum();
    }

    long bytes() {
        return segments.stream().mapToLong(Segment::size).sum();
    }

    /** @return how many of the oldest had to go for it */
    long append(byte[] entry) throws IOException {
        if (!appendable || segments.isEmpty() || segments.getLast().size() >= segmentBytes) {
            segments.addLast(Segment.create(next, path(next)));
            next++;
            appendable = true;
        }
        segments.getLast().append(entry);
        long lost = 0;
        while (segments.size() > 1 && bytes() > maxBytes) {
            Segment oldest = segments.removeFirst();
            lost += oldest.remaining();
            oldest.delete();
        }
        return lost;
    }

    /** Puts entries before those that wait, of which none was taken yet. */
    void prepend(List<byte[]> entries) throws IOException {
        if (entries.isEmpty()) {
            return;
        }
        boolean alone = segments.isEmpty();
        long number = alone ? next++ : segments.getFirst().number - 1;
        mark(0, 0);
        var segment = Segment.create(number, path(number));
        try {
            for (byte[] entry : entries) {
                segment.append(entry);
            }
        } catch (IOException e) {
            segment.delete();
            throw e;
        }
        segments.addFirst(segment);
        if (alone) {
            appendable = true;
        }
        mark();
    }

    /** The oldest {@code count} entries, or as many as one or two files have. */
    List<byte[]> peek(int count) throws IOException {
        var entries = new ArrayList<byte[]>();
        for (Segment segment : segments) {
            if (entries.size() >= count) {
                break;
            }
            segment.peek(count - entries.size(), entries);
        }
        return entries;
    }

    /** Takes the oldest {@code count} entries away. */
    void remove(long count) throws IOException {
        long left = count;
        while (left > 0 && !segments.isEmpty()) {
            Segment first = segments.getFirst();
            long here = Math.min(left, first.remaining());
            first.skip(here);
            left -= here;
            if (first.remaining() == 0) {
                segments.removeFirst();
                first.delete();
            }
        }
        mark();
    }

    /** Gives up the oldest file, which cannot be read. Returns how many entries were in it. */
    long giveUpFirst() throws IOException {
        Segment first = segments.removeFirst();
        first.delete();
        return first.remaining();
    }

    private void mark() throws IOException {
        if (segments.isEmpty()) {
            mark(0, 0);
        } else {
            mark(segments.getFirst().number, segments.getFirst().position());
        }
    }

    private void mark(long number, long position) throws IOException {
        var mark = ByteBuffer.allocate(TAKEN).putLong(number).putLong(position);
        mark.putInt(16, crc(mark)).clear();
        taken.write(mark, 0);
    }

    private static int crc(ByteBuffer mark) {
        var crc = new CRC32C();
        crc.update(mark.array(), 0, 16);
        return (int) crc.getValue();
    }

    private Path path(long number) {
        return directory.resolve("%018d%s".formatted(number, SUFFIX));
    }

    @Override
    public void close() throws IOException {
        try (taken) {
            for (Segment segment : segments) {
                segment.close();
            }
        }
    }
}
