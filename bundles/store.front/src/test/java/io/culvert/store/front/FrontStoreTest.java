package io.culvert.store.front;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class FrontStoreTest {
    private final MemoryStore first = new MemoryStore("first");
    private final MemoryStore second = new MemoryStore("second");

    static CompletableFuture<Store.TxnResult> put(Store store, String key, int value) {
        return store.txn(List.of(), List.of(new Store.Op.Put(key, new byte[] {(byte) value}))).toCompletableFuture();
    }

    @Test
    void shouldMakeChangesInTheirOrderWhenTheNextStoreIsThere() throws Exception {
        try (var front = new FrontStore(Duration.ofSeconds(20))) {
            front.use(first);
            put(front, "a", 1).get(1, TimeUnit.SECONDS);
            front.withdraw(first);
            var earlier = put(front, "a", 2);
            var later = put(front, "a", 3);
            assertFalse(earlier.isDone());
            assertEquals(2, front.waiting());
            front.use(first);
            assertInstanceOf(Store.TxnResult.Committed.class, later.get(1, TimeUnit.SECONDS));
            assertTrue(earlier.isDone());
            assertArrayEquals(new byte[] {3}, front.read("a").orElseThrow().value());
            assertTrue(front.longestGapNs() > 0);
        }
    }

    @Test
    void shouldLetAReadWaitForTheNextStore() throws Exception {
        try (var front = new FrontStore(Duration.ofSeconds(20))) {
            put(first, "a", 1);
            var read = new CompletableFuture<Optional<Store.Entry>>();
            Thread.ofVirtual().start(() -> {
                try {
                    read.complete(front.read("a"));
                } catch (StoreException e) {
                    read.completeExceptionally(e);
                }
            });
            front.use(first);
            assertTrue(read.get(10, TimeUnit.SECONDS).isPresent());
        }
    }

    @Test
    void shouldRefuseWhatHasWaitedTooLongAndNeverMakeItLater() throws Exception {
        try (var front = new FrontStore(Duration.ofMillis(30))) {
            var late = put(front, "a", 1);
            var refusal = assertThrows(ExecutionException.class, () -> late.get(10, TimeUnit.SECONDS));
            assertInstanceOf(StoreException.class, refusal.getCause());
            assertThrows(StoreException.class, () -> front.read("a"));
            front.use(first);
            assertTrue(first.entries.isEmpty(), "a reservation that was refused is not there");
        }
    }

    @Test
    void shouldRefuseMoreThanItsQueueHolds() {
        try (var front = new FrontStore(Duration.ofSeconds(20))) {
            for (int i = 0; i < FrontStore.MOST_WAITING; i++) {
                assertFalse(put(front, "a", i).isDone());
            }
            assertTrue(put(front, "a", 0).isCompletedExceptionally());
        }
    }

    @Test
    void shouldCopyAllRecordsToAnotherStore() throws Exception {
        for (int i = 0; i < 300; i++) {
            put(first, "session/" + i, i);
        }
        put(second, "stale", 1);
        assertEquals(301, StoreCopy.copy(first, second));
        assertEquals(first.entries.keySet(), second.entries.keySet());
        put(first, "session/7", 70);
        assertEquals(1, StoreCopy.copy(first, second), "only what changed since");
        assertArrayEquals(new byte[] {70}, second.read("session/7").orElseThrow().value());
    }

    @Test
    void shouldSwitchToAnotherStoreWithNothingInBetween() throws Exception {
        try (var front = new FrontStore(Duration.ofSeconds(20))) {
            front.use(first);
            put(front, "a", 1);
            front.replace(second, before -> {
                StoreCopy.copy(before, second);
                StoreCopy.leave(before, second.name());
            });
            put(front, "b", 2);
            assertEquals("second", front.name());
            assertEquals(List.of("a", "b"), List.copyOf(second.entries.keySet()));
            assertTrue(first.read(StoreCopy.MOVED).isPresent(), "its reservations are old from now on");
        }
    }

    @Test
    void shouldStayWithTheOldStoreWhenTheCopyFails() {
        try (var front = new FrontStore(Duration.ofSeconds(20))) {
            front.use(first);
            assertThrows(StoreException.class, () -> front.replace(second, before -> {
                throw new StoreException("disk full");
            }));
            put(front, "a", 1);
            assertTrue(first.entries.containsKey("a"));
        }
    }

    /** Durable for as long as the test runs. */
    static final class MemoryStore implements Store {
        final TreeMap<String, Entry> entries = new TreeMap<>();
        private final String name;
        private long revision;
        boolean broken;

        MemoryStore(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public synchronized Optional<Entry> read(String key) {
            return Optional.ofNullable(entries.get(key));
        }

        @Override
        public synchronized List<Entry> list(String prefix) {
            return entries.values().stream().filter(entry -> entry.key().startsWith(prefix)).toList();
        }

        @Override
        public synchronized CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
            if (broken) {
                return CompletableFuture.failedFuture(new StoreException("disk full"));
            }
            revision++;
            for (Op op : ops) {
                switch (op) {
                    case Op.Put(String key, byte[] value) -> entries.put(key, new Entry(key, value, revision));
                    case Op.Delete(String key) -> entries.remove(key);
                }
            }
            return CompletableFuture.completedFuture(new TxnResult.Committed(revision));
        }
    }
}
