package io.culvert.store.local;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The store: reads on the caller's thread, writes on the one of {@link Committer}. Holds the lock of its directory until
 * it is closed.
 */
final class SqliteStore implements Store, AutoCloseable {
    static final int MAX_VALUE = 256 * 1024;
    static final int MAX_OPS = 128;

    private static final String LIBRARIES = "org.sqlite.tmpdir";

    private static final Pattern KEY = Pattern.compile("[a-z0-9._/-]+");
    private static final Pattern PREFIX = Pattern.compile("[a-z0-9._/-]*");

    private final StoreFiles files;
    private final Database writing;
    private final Database reading;
    private final Committer committer;
    private final ReentrantLock readLock = new ReentrantLock();
    private boolean closed;

    private SqliteStore(StoreFiles files, Database writing, Database reading, Committer committer) {
        this.files = files;
        this.writing = writing;
        this.reading = reading;
        this.committer = committer;
    }

    /**
     * Opens the store below {@code home}, and makes it when it is not there.
     *
     * @param maxWaiting how many transactions may wait for the disk
     */
    static SqliteStore open(Path home, int maxWaiting) throws StoreException {
        StoreFiles files = StoreFiles.open(home.toAbsolutePath());
        Database writing = null;
        Database reading = null;
        byte[] key = {};
        try {
            var random = new SecureRandom();
            key = new KeyFile(files.key()).read(files.database(), random);
            var sealer = new Sealer(key, random);
            writing = openFirst(files, sealer);
            reading = Database.forReading(files, sealer);
            var committer = new Committer(writing, maxWaiting);
            committer.start();
            return new SqliteStore(files, writing, reading, committer);
        } catch (StoreException | SQLException | RuntimeException | LinkageError e) {
            if (reading != null) {
                reading.close();
            }
            if (writing != null) {
                writing.close();
            }
            files.close();
            if (e instanceof StoreException known) {
                throw known;
            }
            throw new StoreException("store local: cannot open " + files.database() + ": " + e.getMessage(), e);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    /** The driver unpacks its native library when the first connection is made, to where a system property says. */
    private static Database openFirst(StoreFiles files, Sealer sealer) throws StoreException {
        String before = System.setProperty(LIBRARIES, files.libraries().toString());
        try {
            return Database.forWriting(files, sealer);
        } finally {
            if (before == null) {
                System.clearProperty(LIBRARIES);
            } else {
                System.setProperty(LIBRARIES, before);
            }
        }
    }

    @Override
    public String name() {
        return "local";
    }

    @Override
    public Optional<Entry> read(String key) throws StoreException {
        check(KEY, key);
        return reading(() -> reading.read(key));
    }

    @Override
    public List<Entry> list(String prefix) throws StoreException {
        check(PREFIX, prefix);
        return reading(() -> reading.list(prefix));
    }

    @FunctionalInterface
    private interface Query<T> {
        T run() throws SQLException, StoreException;
    }

    private <T> T reading(Query<T> query) throws StoreException {
        readLock.lock();
        try {
            if (closed) {
                throw closed();
            }
            return query.run();
        } catch (SQLException e) {
            throw new StoreException("store local: cannot read: " + e.getMessage()
                    + ": check the health of the disk below var/store", e);
        } finally {
            readLock.unlock();
        }
    }

    @Override
    public CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        List<Op> copies;
        try {
            copies = checked(guards, ops);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        return committer.submit(List.copyOf(guards), copies);
    }

    /** Copies the values: they are sealed on another thread, when the caller may have overwritten its own. */
    private static List<Op> checked(List<Guard> guards, List<Op> ops) {
        if (ops.size() > MAX_OPS) {
            throw new IllegalArgumentException(ops.size() + " operations in a transaction, at most " + MAX_OPS);
        }
        guards.forEach(guard -> check(KEY, guard.key()));
        List<Op> copies = new ArrayList<>(ops.size());
        for (Op op : ops) {
            check(KEY, op.key());
            if (op instanceof Op.Put(String key, byte[] value)) {
                if (value.length > MAX_VALUE) {
                    throw new IllegalArgumentException(
                            "the value of " + key + " has " + value.length + " bytes, at most " + MAX_VALUE);
                }
                copies.add(new Op.Put(key, value.clone()));
            } else {
                copies.add(op);
            }
        }
        return copies;
    }

    private static void check(Pattern pattern, String key) {
        if (!pattern.matcher(key).matches()) {
            throw new IllegalArgumentException("\"" + key + "\" is no key: " + KEY + " is");
        }
    }

    static StoreException closed() {
        return new StoreException("store local is closed: the bundle was stopped or is being replaced");
    }

    /** Counters and facts as {@code HealthCheck} shows them. */
    Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("transactions", committer.transactions.sum());
        facts.put("commits", committer.commits.sum());
        facts.put("conflicts", committer.conflicts.sum());
        facts.put("failures", committer.failures.sum());
        facts.put("waiting", committer.waiting());
        try {
            facts.put("bytes", Files.size(files.database()));
        } catch (IOException e) {
            facts.put("problem", "the database file cannot be seen: " + StoreFiles.reason(e));
        }
        String failure = committer.lastFailure;
        if (failure != null) {
            facts.put("problem", failure);
        }
        return facts;
    }

    /** Commits what waits, then lets go of thread, files and lock. */
    @Override
    public void close() {
        boolean interrupted = false;
        while (true) {
            try {
                committer.close();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        readLock.lock();
        try {
            if (!closed) {
                closed = true;
                reading.close();
                writing.close();
                files.close();
            }
        } finally {
            readLock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
