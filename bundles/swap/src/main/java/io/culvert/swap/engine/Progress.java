package io.culvert.swap.engine;

import io.culvert.swap.state.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A change under way, for those who look on: they may come late and leave early. Threads: any. */
public final class Progress {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private final List<String> lines = new ArrayList<>();
    private Change change;
    private boolean over;

    Progress(Change change) {
        this.change = change;
    }

    void add(Change now, String line) {
        update(now, line, false);
    }

    void end(Change last) {
        update(last, "", true);
    }

    private void update(Change now, String line, boolean last) {
        lock.lock();
        try {
            change = now;
            if (!line.isEmpty()) {
                lines.add(line);
            }
            over |= last;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The lines from number {@code from} on; waits for one, or for the end, when there is none: then none comes. */
    public List<String> await(int from) throws InterruptedException {
        lock.lock();
        try {
            while (lines.size() <= from && !over) {
                moved.await();
            }
            return List.copyOf(lines.subList(Math.min(from, lines.size()), lines.size()));
        } finally {
            lock.unlock();
        }
    }

    /** As it stands; its last state once {@link #await} gives nothing more. */
    public Change change() {
        lock.lock();
        try {
            return change;
        } finally {
            lock.unlock();
        }
    }
}
