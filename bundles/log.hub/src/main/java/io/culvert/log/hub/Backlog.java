package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries that one sink has not taken yet, oldest first: some in memory, and after them some on disk for a sink that
 * asked for it. New ones go to memory as long as none waits on disk and there is room. When neither has room the oldest
 * go, and are counted.
 *
 * <p>Places count from 0 over the backlog's life, so that a batch can be taken away after entries in front were lost.
 *
 * <p>Threads: one at a time; its outlet's lock.
 */
final class Backlog implements AutoCloseable {
    private final int capacity;
    private final ArrayDeque<LogRecord> memory = new ArrayDeque<>();
    private @Nullable DiskQueue disk;
    private long head;
    private long lost;
    private @Nullable String trouble;

    /** @param first place of the first entry; the others follow */
    record Batch(long first, List<LogRecord> entries) {}

    /** @param capacity how many entries memory has room for */
    Backlog(int capacity) {
        this.capacity = capacity;
    }

    /** Has entries wait on disk from now on; those of an earlier run come first. */
    void keepOnDisk(Path directory, long maxBytes) {
        if (disk != null) {
            return;
        }
        try {
            disk = DiskQueue.open(directory, maxBytes);
            if (!disk.isEmpty()) {
                var newer = new ArrayList<>(memory);
                memory.clear();
                newer.forEach(this::add);
            }
        } catch (IOException e) {
            trouble = "queue on disk: " + e;
        }
    }

    void add(LogRecord entry) {
        if (memory.size() < capacity && (disk == null || disk.isEmpty())) {
            memory.addLast(entry);
            return;
        }
        if (disk != null) {
            try {
                long gone = disk.append(Entries.bytes(entry));
                head += gone;
                lost += gone;
                return;
            } catch (IOException e) {
                trouble = "queue on disk: " + e;
            }
            if (!disk.isEmpty()) {
                // Memory comes before the disk, so there is no other place for the newest.
                lost++;
                return;
            }
        }
        if (memory.size() >= capacity) {
            memory.removeFirst();
            head++;
            lost++;
        }
        memory.addLast(entry);
    }

    /** Moves what is in memory to disk, where it outlives the process. */
    void settle() {
        if (disk != null && !memory.isEmpty()) {
            try {
                disk.prepend(memory.stream().map(Entries::bytes).toList());
                memory.clear();
            } catch (IOException e) {
                trouble = "queue on disk: " + e;
            }
        }
    }

    /** The oldest entries; they stay until they are {@linkplain #remove removed}. */
    Batch peek(int count) {
        var entries = new ArrayList<LogRecord>(count);
        if (!memory.isEmpty()) {
            memory.stream().limit(count).forEach(entries::add);
        }
        while (disk != null && entries.isEmpty() && !disk.isEmpty()) {
            try {
                for (byte[] bytes : disk.peek(count)) {
                    entries.add(Entries.entry(bytes));
                }
            } catch (IOException e) {
                entries.clear();
                giveUpFirst(disk, e);
            }
        }
        return new Batch(head, entries);
    }

    private void giveUpFirst(DiskQueue queue, IOException problem) {
        trouble = "queue on disk: " + problem;
        try {
            long gone = queue.giveUpFirst();
            head += gone;
            lost += gone;
        } catch (IOException e) {
            trouble = "queue on disk: " + e;
        }
    }

    /** Takes the batch away: the sink has it, also where it was given up meanwhile. */
    void remove(Batch batch) {
        long until = batch.first + batch.entries.size();
        lost -= Math.clamp(head - batch.first, 0, batch.entries.size());
        long count = Math.max(0, until - head);
        head += count;
        while (count > 0 && !memory.isEmpty()) {
            memory.removeFirst();
            count--;
        }
        if (count > 0 && disk != null) {
            try {
                disk.remove(count);
            } catch (IOException e) {
                trouble = "queue on disk: " + e;
            }
        }
    }

    boolean isEmpty() {
        return memory.isEmpty() && (disk == null || disk.isEmpty());
    }

    long size() {
        return memory.size() + (disk == null ? 0 : disk.size());
    }

    long bytesOnDisk() {
        return disk == null ? 0 : disk.bytes();
    }

    /** Entries that no sink will get. */
    long lost() {
        return lost;
    }

    /** What the disk refused last. */
    @Nullable String trouble() {
        return trouble;
    }

    /** Settles what it can. What stays in memory is lost. */
    @Override
    public void close() {
        settle();
        try {
            if (disk != null) {
                disk.close();
            }
        } catch (IOException e) {
            trouble = "queue on disk: " + e;
        }
    }
}
