package io.culvert.core.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import io.culvert.api.tunnel.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StoreRecordsTest {
    private final FakeStore store = new FakeStore();
    private StoreRecords records = new StoreRecords(() -> store);

    @AfterEach
    void close() {
        store.automatic = true;
        store.finishAll();
        records.close();
    }

    @Test
    void shouldSaveLoadAndForget() throws Exception {
        store.automatic = true;
        assertTrue(get(records.save(record(7, 1))));
        assertTrue(get(records.save(record(8, 2))));
        assertEquals("session/openvpn/udp/0000000000000007", store.entries.firstKey());
        List<SessionRecord> loaded = records.load("openvpn", "udp");
        assertEquals(List.of(7L, 8L), loaded.stream().map(SessionRecord::sessionId).toList());
        assertEquals(2, loaded.get(1).state()[0]);
        assertTrue(get(records.forget("openvpn", "udp", 7)));
        assertEquals(1, records.load("openvpn", "udp").size());
        assertEquals(List.of(), records.load("openvpn", "tcp"));
    }

    @Test
    void shouldAnswerOnlyWhenItIsDurable() throws Exception {
        var saved = records.save(record(7, 1)).toCompletableFuture();
        Call call = store.next();
        assertFalse(saved.isDone());
        call.commit();
        assertTrue(get(saved));
    }

    @Test
    void shouldGroupWhatWaitsAndKeepOnlyTheLatestOfASession() throws Exception {
        var first = records.save(record(1, 1));
        Call call = store.next();
        var superseded = records.save(record(2, 1));
        var latest = records.save(record(2, 9));
        var other = records.save(record(3, 1));
        var again = records.save(record(1, 5));
        call.commit();
        assertTrue(get(first));

        Call second = store.next();
        assertEquals(3, second.ops.size());
        assertFalse(superseded.toCompletableFuture().isDone());
        second.commit();
        assertTrue(get(superseded) && get(latest) && get(other) && get(again));
        List<SessionRecord> loaded = records.load("openvpn", "udp");
        assertEquals(List.of(5, 9, 1), loaded.stream().map(r -> (int) r.state()[0]).toList());
    }

    @Test
    void shouldNeverPutMoreIntoATransactionThanTheStoreTakes() throws Exception {
        records.save(record(0, 1));
        Call call = store.next();
        var last = new ArrayList<CompletionStage<Boolean>>();
        for (int i = 1; i <= 300; i++) {
            last.add(records.save(record(i, 1)));
        }
        call.commit();
        for (int expected : new int[] {128, 128, 44}) {
            Call next = store.next();
            assertEquals(expected, next.ops.size());
            next.commit();
        }
        for (var saved : last) {
            assertTrue(get(saved));
        }
    }

    @Test
    void shouldWriteARemovalWithTheRecordThatFollows() throws Exception {
        try (var patient = new StoreRecords(() -> store, Duration.ofHours(1))) {
            var forget = patient.forget("openvpn", "udp", 1);
            var save = patient.save(record(2, 1));
            Call call = store.next();
            assertEquals(2, call.ops.size());
            call.commit();
            assertTrue(get(forget) && get(save));
        }
    }

    @Test
    void shouldWriteRemovalsAtOnceThatFillATransaction() throws Exception {
        try (var patient = new StoreRecords(() -> store, Duration.ofHours(1))) {
            for (int i = 0; i < StoreRecords.BATCH; i++) {
                patient.forget("openvpn", "udp", i);
            }
            Call call = store.next();
            assertEquals(StoreRecords.BATCH, call.ops.size());
            call.commit();
        }
    }

    @Test
    void shouldWriteRemovalsThatWaitWhenClosed() throws Exception {
        store.automatic = true;
        var patient = new StoreRecords(() -> store, Duration.ofHours(1));
        get(patient.save(record(1, 1)));
        var forget = patient.forget("openvpn", "udp", 1);
        patient.close();
        assertTrue(get(forget));
        assertEquals(List.of(), patient.load("openvpn", "udp"));
    }

    @Test
    void shouldNotLoadWhatWaitsForItsRemoval() throws Exception {
        store.automatic = true;
        get(records.save(record(1, 1)));
        get(records.save(record(2, 1)));
        store.automatic = false;
        records.save(record(3, 1));
        Call busy = store.next();
        records.forget("openvpn", "udp", 1);
        assertEquals(List.of(2L),
                records.load("openvpn", "udp").stream().map(SessionRecord::sessionId).toList());
        busy.commit();
    }

    @Test
    void shouldKeepTheOrderOfSaveAndForget() throws Exception {
        records.save(record(1, 1));
        Call call = store.next();
        var save = records.save(record(2, 1));
        var forget = records.forget("openvpn", "udp", 2);
        var forgetFirst = records.forget("openvpn", "udp", 3);
        var saveThen = records.save(record(3, 1));
        call.commit();
        store.next().commit();
        assertTrue(get(save) && get(forget) && get(forgetFirst) && get(saveThen));
        assertEquals(List.of(1L, 3L),
                records.load("openvpn", "udp").stream().map(SessionRecord::sessionId).toList());
    }

    @Test
    void shouldAnswerFalseWhenTheStoreFails() throws Exception {
        var unknown = records.save(record(1, 1));
        store.next().outcome.complete(new Store.TxnResult.Unknown("disk"));
        assertFalse(get(unknown));
        var failed = records.save(record(1, 1));
        store.next().outcome.completeExceptionally(new StoreException("gone"));
        assertFalse(get(failed));
        store.throwing = true;
        assertFalse(get(records.save(record(1, 1))));
        store.throwing = false;
        var good = records.save(record(1, 1));
        store.next().commit();
        assertTrue(get(good));
    }

    @Test
    void shouldAnswerFalseWithoutAStore() throws Exception {
        try (var without = new StoreRecords(() -> null)) {
            assertFalse(get(without.save(record(1, 1))));
            assertEquals(List.of(), without.load("openvpn", "udp"));
        }
    }

    @Test
    void shouldTryAFailedRemovalAgain() throws Exception {
        var forget = records.forget("openvpn", "udp", 1);
        store.next().outcome.complete(new Store.TxnResult.Unknown("disk"));
        assertFalse(get(forget));
        var save = records.save(record(2, 1));
        Call call = store.next();
        assertEquals(List.of("session/openvpn/udp/0000000000000002", "session/openvpn/udp/0000000000000001"),
                call.ops.stream().map(Store.Op::key).toList());
        call.commit();
        assertTrue(get(save));
    }

    @Test
    void shouldNotRepeatARemovalAfterANewSave() throws Exception {
        records.forget("openvpn", "udp", 1);
        Call failing = store.next();
        var save = records.save(record(1, 1));
        failing.outcome.complete(new Store.TxnResult.Unknown("disk"));
        Call call = store.next();
        assertEquals(1, call.ops.size());
        assertTrue(call.ops.getFirst() instanceof Store.Op.Put);
        call.commit();
        assertTrue(get(save));
    }

    @Test
    void shouldRefuseOnlyTheRecordThatIsTooLarge() throws Exception {
        records.save(record(1, 1));
        Call call = store.next();
        var small = record(2, 1);
        var large = new SessionRecord("openvpn", "udp", 1, 3, small.peer(), small.addresses(), small.endpoint(),
                new byte[300_000]);
        var tooLarge = records.save(large);
        var good = records.save(small);
        call.commit();
        store.next().commit();
        assertFalse(get(tooLarge));
        assertTrue(get(good));
    }

    @Test
    void shouldLeaveOutWhatCannotBeRead() throws Exception {
        store.automatic = true;
        get(records.save(record(1, 1)));
        byte[] good = store.entries.firstEntry().getValue();
        store.entries.put("session/openvpn/udp/0000000000000002", new byte[] {9});
        store.entries.put("session/openvpn/udp/0000000000000003", good);
        assertEquals(1, records.load("openvpn", "udp").size());
        store.throwing = true;
        assertEquals(List.of(), records.load("openvpn", "udp"));
    }

    @Test
    void shouldKeepOddNamesApartInKeysThatTheStoreTakes() {
        String key = StoreRecords.key("OpenVPN", "a/b_ä", -1);
        assertTrue(key.matches("[a-z0-9._/-]+"), key);
        assertEquals("session/_4fpen_56_50_4e/a_2fb_5f_c3_a4/ffffffffffffffff", key);
    }

    @Test
    void shouldWriteWhatWaitsWhenClosed() throws Exception {
        var first = records.save(record(1, 1));
        Call call = store.next();
        var second = records.save(record(2, 1));
        var closing = CompletableFuture.runAsync(records::close);
        call.commit();
        store.next().commit();
        closing.get(10, TimeUnit.SECONDS);
        assertTrue(get(first) && get(second));
        assertFalse(get(records.save(record(3, 1))));
    }

    private static boolean get(CompletionStage<Boolean> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static SessionRecord record(long id, int state) {
        SessionRecord whole = RecordCodecTest.record("10.8.0.7", "", Transport.UDP, "192.0.2.5");
        return new SessionRecord("openvpn", "udp", 1, id, whole.peer(), whole.addresses(), whole.endpoint(),
                new byte[] {(byte) state});
    }

    /** A transaction that waits for its outcome. */
    private final class Call {
        private final List<Store.Op> ops;
        private final CompletableFuture<Store.TxnResult> outcome = new CompletableFuture<>();

        Call(List<Store.Op> ops) {
            this.ops = ops;
        }

        void commit() {
            store.apply(ops);
            outcome.complete(new Store.TxnResult.Committed(1));
        }
    }

    private final class FakeStore implements Store {
        private final TreeMap<String, byte[]> entries = new TreeMap<>();
        private final LinkedBlockingQueue<Call> calls = new LinkedBlockingQueue<>();
        private volatile boolean automatic;
        private volatile boolean throwing;

        Call next() throws InterruptedException {
            Call call = calls.poll(10, TimeUnit.SECONDS);
            assertTrue(call != null, "no transaction came");
            return call;
        }

        void finishAll() {
            for (Call call = calls.poll(); call != null; call = calls.poll()) {
                call.commit();
            }
        }

        synchronized void apply(List<Op> ops) {
            for (Op op : ops) {
                switch (op) {
                    case Op.Put put -> entries.put(put.key(), put.value());
                    case Op.Delete delete -> entries.remove(delete.key());
                }
            }
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Optional<Entry> read(String key) {
            return Optional.empty();
        }

        @Override
        public synchronized List<Entry> list(String prefix) throws StoreException {
            if (throwing) {
                throw new StoreException("gone");
            }
            return entries.entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(prefix))
                    .map(entry -> new Entry(entry.getKey(), entry.getValue(), 1))
                    .toList();
        }

        @Override
        public CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
            if (throwing) {
                throw new IllegalStateException("gone");
            }
            var call = new Call(ops);
            if (automatic) {
                call.commit();
            } else {
                calls.add(call);
            }
            return call.outcome;
        }
    }
}
