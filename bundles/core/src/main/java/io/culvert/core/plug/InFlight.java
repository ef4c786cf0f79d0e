package io.culvert.core.plug;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The calls that are in a service's code, so that its bundle is left only when they have returned. Threads: any. */
final class InFlight {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();
    private int calls;

    void enter() {
        lock.lock();
        try {
            calls++;
        } finally {
            lock.unlock();
        }
    }

    void leave() {
        lock.lock();
        try {
            if (--calls == 0) {
                none.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #leave} when the answer is there, which the service gives later. */
    void leaveWith(CompletionStage<?> answer) {
        answer.whenComplete((value, error) -> leave());
    }

    /** Whether all calls have returned within that time. */
    boolean awaitNone(long seconds) throws InterruptedException {
        long leftNs = TimeUnit.SECONDS.toNanos(seconds);
        lock.lockInterruptibly();
        try {
            while (calls > 0) {
                if (leftNs <= 0) {
                    return false;
                }
                leftNs = none.awaitNanos(leftNs);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
