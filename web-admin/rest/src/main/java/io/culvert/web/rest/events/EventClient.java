package io.culvert.web.rest.events;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for one listener: a bounded queue. When it is full the oldest log line goes and is counted; when no log line
 * is left, all of it goes, and the listener is told to load its page anew.
 */
final class EventClient {
    private final int capacity;
    private final EventFilter wanted;
    private final String who;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<Event> queue = new ArrayDeque<>();
    private long droppedLines;
    private boolean overflowed;

    /**
     * What a listener has to be told before the next events.
     *
     * @param droppedLines log lines that were left out
     * @param overflowed whether other events were left out too
     */
    record Batch(List<Event> events, long droppedLines, boolean overflowed) {}

    EventClient(int capacity, EventFilter wanted, String who) {
        this.capacity = capacity;
        this.wanted = wanted;
        this.who = who;
    }

    String who() {
        return who;
    }

    boolean followsLog() {
        return wanted.types().contains(Event.LOG);
    }

    /** Never waits. */
    void offer(Event event) {
        if (!wanted.wants(event)) {
            return;
        }
        lock.lock();
        try {
            if (queue.size() >= capacity && !makeRoom(event)) {
                return;
            }
            queue.addLast(event);
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /** @return false when it is {@code event} that goes */
    private boolean makeRoom(Event event) {
        for (Iterator<Event> each = queue.iterator(); each.hasNext(); ) {
            if (each.next().log()) {
                each.remove();
                droppedLines++;
                return true;
            }
        }
        if (event.log()) {
            droppedLines++;
            return false;
        }
        queue.clear();
        overflowed = true;
        return true;
    }

    /** What waits; nothing after {@code millis} without anything. */
    Batch take(long millis) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long leftNs = TimeUnit.MILLISECONDS.toNanos(millis);
            while (queue.isEmpty() && leftNs > 0) {
                leftNs = arrived.awaitNanos(leftNs);
            }
            var batch = new Batch(List.copyOf(queue), droppedLines, overflowed);
            queue.clear();
            droppedLines = 0;
            overflowed = false;
            return batch;
        } finally {
            lock.unlock();
        }
    }
}
