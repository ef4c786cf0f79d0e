package io.culvert.store.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.Store.TxnResult.Committed;
import io.culvert.api.store.Store.TxnResult.Conflict;
import io.culvert.api.store.Store.TxnResult.Unknown;
import io.culvert.api.store.StoreException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CommitterTest {
    /** Fails where it is told to. */
    private static final class FakeDisk implements WriteTransaction {
        final Map<String, Long> durable = new HashMap<>();
        final Map<String, Long> pending = new HashMap<>();
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch opened = new CountDownLatch(1);
        volatile String failingPut = "";
        volatile boolean commitFails;
        volatile boolean rollbackFails;
        volatile int commits;

        @Override
        public long lastRevision() {
            return durable.getOrDefault("", 0L);
        }

        @Override
        public void setLastRevision(long revision) {
            pending.put("", revision);
        }

        @Override
        public long revision(String key) {
            return pending.getOrDefault(key, 0L);
        }

        @Override
        public void put(String key, long revision, byte[] value) throws SQLException {
            entered.countDown();
            await(opened);
            if (key.equals(failingPut)) {
                throw new SQLException("database or disk is full");
            }
            pending.put(key, revision);
        }

        @Override
        public void delete(String key) {
            pending.remove(key);
        }

        @Override
        public void commit() throws SQLException {
            if (commitFails) {
                throw new SQLException("disk I/O error");
            }
            durable.clear();
            durable.putAll(pending);
            commits++;
        }

        @Override
        public void rollback() throws SQLException {
            if (rollbackFails) {
                throw new SQLException("disk I/O error");
            }
            pending.clear();
            pending.putAll(durable);
        }

        private static void await(CountDownLatch latch) throws SQLException {
            try {
                if (!latch.await(20, TimeUnit.SECONDS)) {
                    throw new SQLException("nothing happened for 20 s");
                }
            } catch (InterruptedException e) {
                throw new SQLException(e);
            }
        }
    }

    private final FakeDisk disk = new FakeDisk();
    private Committer committer;

    @BeforeEach
    void start() throws SQLException {
        committer = new Committer(disk, 8);
        committer.start();
    }

    @AfterEach
    void close() throws InterruptedException {
        disk.opened.countDown();
        committer.close();
    }

    private CompletableFuture<TxnResult> put(String key) {
        return committer.submit(List.of(), List.of(new Op.Put(key, new byte[0])));
    }

    private static TxnResult done(CompletableFuture<TxnResult> outcome) {
        return outcome.orTimeout(20, TimeUnit.SECONDS).join();
    }

    private static StoreException failure(CompletableFuture<TxnResult> outcome) {
        return assertInstanceOf(
                StoreException.class,
                assertThrows(CompletionException.class, () -> done(outcome)).getCause());
    }

    /** Occupies the thread until the disk opens, so that what is submitted meanwhile forms one group. */
    private CompletableFuture<TxnResult> occupy() throws SQLException {
        CompletableFuture<TxnResult> first = put("first");
        FakeDisk.await(disk.entered);
        return first;
    }

    @Test
    void shouldCommitWhatWaitsTogetherAndDecideEachAlone() throws Exception {
        CompletableFuture<TxnResult> first = occupy();
        CompletableFuture<TxnResult> second = put("a");
        CompletableFuture<TxnResult> conflict =
                committer.submit(List.of(Guard.absent("a")), List.of(new Op.Put("b", new byte[0])));
        CompletableFuture<TxnResult> third = committer.submit(List.of(new Guard("a", 2)), List.of(new Op.Delete("a")));
        disk.opened.countDown();
        assertEquals(new Committed(1), done(first));
        assertEquals(new Committed(2), done(second));
        assertEquals(new Conflict("a"), done(conflict));
        assertEquals(new Committed(3), done(third));
        assertEquals(2, disk.commits);
        assertEquals(Map.of("first", 1L, "", 3L), disk.durable);
    }

    @Test
    void shouldDoNothingOfAGroupThatCannotBeWritten() throws Exception {
        CompletableFuture<TxnResult> first = occupy();
        disk.failingPut = "b";
        CompletableFuture<TxnResult> second = put("a");
        CompletableFuture<TxnResult> full = put("b");
        disk.opened.countDown();
        done(first);
        assertTrue(failure(second).getMessage().contains("free space"));
        failure(full);
        assertTrue(String.valueOf(committer.lastFailure).contains("full"));
        disk.failingPut = "";
        assertEquals(new Committed(2), done(put("c")));
        assertEquals(Map.of("first", 1L, "c", 2L, "", 2L), disk.durable);
    }

    @Test
    void shouldNotClaimToKnowWhatTheDiskHasAfterAFailedCommit() {
        disk.opened.countDown();
        disk.commitFails = true;
        assertInstanceOf(Unknown.class, done(put("a")));
        disk.commitFails = false;
        assertEquals(new Committed(2), done(put("b")), "its revision is not used again");
    }

    @Test
    void shouldNotClaimThatNothingWasDoneWhenItCannotBeUndone() {
        disk.opened.countDown();
        disk.failingPut = "a";
        disk.rollbackFails = true;
        assertInstanceOf(Unknown.class, done(put("a")));
    }

    @Test
    void shouldRefuseWhatItCannotHoldAndWhatComesTooLate() throws Exception {
        CompletableFuture<TxnResult> first = occupy();
        List<CompletableFuture<TxnResult>> waiting = java.util.stream.IntStream.range(0, 8).mapToObj(i -> put("k" + i)).toList();
        assertTrue(failure(put("over")).getMessage().contains("maxWaiting"));
        disk.opened.countDown();
        committer.close();
        assertInstanceOf(Committed.class, done(first));
        waiting.forEach(outcome -> assertInstanceOf(Committed.class, done(outcome)));
        assertTrue(failure(put("late")).getMessage().contains("closed"));
    }
}
