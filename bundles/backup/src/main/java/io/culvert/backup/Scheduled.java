package io.culvert.backup;

import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the backups of the schedule, on one virtual thread; one that was missed is made soon after the start. */
final class Scheduled implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduled.class);
    private static final Duration SETTLING = Duration.ofMinutes(1);
    private static final Duration RETRY = Duration.ofMinutes(30);

    /** Looks at the clock at least so often: it may be set. */
    private static final Duration LOOK = Duration.ofMinutes(5);

    private final Kept kept;
    private final BackupConfig config;
    private final InstantSource clock;
    private final ZoneId zone;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stirred = lock.newCondition();
    private final Instant began;
    private boolean closed;
    private volatile Instant notBefore;
    private volatile Optional<Instant> next = Optional.empty();
    private volatile String problem = "";

    Scheduled(Kept kept, BackupConfig config, InstantSource clock, ZoneId zone) {
        this.kept = kept;
        this.config = config;
        this.clock = clock;
        this.zone = zone;
        began = clock.instant();
        notBefore = began.plus(SETTLING);
    }

    void start() {
        if (config.schedule().every() != Schedule.Every.NEVER) {
            Thread.ofVirtual().name("backup").start(this::run);
        }
    }

    private void run() {
        try {
            while (await()) {
                step();
            }
        } catch (InterruptedException e) {
            LOG.debug("backup: the schedule was interrupted");
        }
    }

    /** Waits until a backup is due; false when closed. */
    private boolean await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed) {
                Instant now = clock.instant();
                Instant due = due(now);
                next = Optional.of(due);
                if (!due.isAfter(now)) {
                    return true;
                }
                Duration left = Duration.between(now, due);
                stirred.awaitNanos((left.compareTo(LOOK) < 0 ? left : LOOK).toNanos());
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** When the next one is due: after the newest that is there, however it was made. */
    Instant due(Instant now) {
        Instant newest = newest().filter(each -> !each.isAfter(now)).orElse(began);
        Instant due = config.schedule().after(newest, zone).orElseThrow();
        return due.isBefore(notBefore) ? notBefore : due;
    }

    private Optional<Instant> newest() {
        try {
            return kept.list().stream().findFirst().map(Kept.Backup::created);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Makes one. */
    void step() {
        try {
            Kept.Backup made = kept.make(config.passphrase().orElseThrow().toCharArray());
            kept.prune(config.keep());
            problem = "";
            LOG.info("backup: made {}, {} bytes", made.name(), made.bytes());
            notBefore = clock.instant();
        } catch (IOException | StoreException | RuntimeException e) {
            problem = "the scheduled backup failed: " + e.getMessage();
            LOG.error("backup: {}; the next try is in {} min", problem, RETRY.toMinutes(), e);
            notBefore = clock.instant().plus(RETRY);
        }
    }

    Optional<Instant> next() {
        return next;
    }

    List<String> problems() {
        return problem.isEmpty() ? List.of() : List.of(problem);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            stirred.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
