package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** The newest entries, for those who look and those who wait for more. */
final class Recent {
    private final int capacity;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();
    private final ArrayDeque<LogRecord> entries = new ArrayDeque<>();

    Recent(int capacity) {
        this.capacity = capacity;
    }

    void add(LogRecord entry) {
        lock.lock();
        try {
            if (entries.size() == capacity) {
                entries.removeFirst();
            }
            entries.addLast(entry);
            added.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The newest {@code count} that {@code wanted} picks, oldest first. */
    List<LogRecord> last(int count, Predicate<LogRecord> wanted) {
        lock.lock();
        try {
            var picked = entries.stream().filter(wanted).toList();
            return picked.subList(Math.max(0, picked.size() - count), picked.size());
        } finally {
            lock.unlock();
        }
    }

    /** The sequence number of the newest entry; 0 before the first. */
    long newest() {
        lock.lock();
        try {
            return entries.isEmpty() ? 0 : entries.getLast().sequence();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for entries after {@code sequence}. */
    List<LogRecord> awaitAfter(long sequence) throws InterruptedException {
        lock.lock();
        try {
            while (entries.isEmpty() || entries.getLast().sequence() <= sequence) {
                added.await();
            }
            return entries.stream().filter(entry -> entry.sequence() > sequence).toList();
        } finally {
            lock.unlock();
        }
    }
}
