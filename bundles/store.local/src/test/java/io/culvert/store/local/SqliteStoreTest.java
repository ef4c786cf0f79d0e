package io.culvert.store.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.Store.TxnResult.Committed;
import io.culvert.api.store.Store.TxnResult.Conflict;
import io.culvert.api.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.jdbc4.JDBC4Connection;

class SqliteStoreTest {
    private static final byte[] SECRET = "the-secret-that-must-not-be-seen".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path home;

    private SqliteStore open() throws StoreException {
        return SqliteStore.open(home, 1024);
    }

    private static TxnResult done(CompletionStage<TxnResult> stage) {
        return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
    }

    private static long put(SqliteStore store, String key, byte[] value) {
        return assertInstanceOf(Committed.class, done(store.txn(List.of(), List.of(new Op.Put(key, value))))).revision();
    }

    @Test
    void shouldKeepRecordsWhenReopened() throws Exception {
        long revision;
        try (SqliteStore store = open()) {
            revision = put(store, "pki/ca", SECRET);
        }
        try (SqliteStore store = open()) {
            Entry entry = store.read("pki/ca").orElseThrow();
            assertArrayEquals(SECRET, entry.value());
            assertEquals(revision, entry.revision());
            assertTrue(put(store, "pki/other", SECRET) > revision);
        }
    }

    @Test
    void shouldNeverUseARevisionTwice() throws Exception {
        long deleted;
        try (SqliteStore store = open()) {
            put(store, "a", SECRET);
            deleted = assertInstanceOf(Committed.class, done(store.txn(List.of(), List.of(new Op.Delete("a"))))).revision();
        }
        try (SqliteStore store = open()) {
            assertTrue(store.read("a").isEmpty());
            assertTrue(put(store, "a", SECRET) > deleted);
        }
    }

    @Test
    void shouldDoNothingWhenAGuardDoesNotHold() throws Exception {
        try (SqliteStore store = open()) {
            long first = put(store, "a", new byte[] {1});
            put(store, "a", new byte[] {2});
            TxnResult stale = done(store.txn(
                    List.of(Guard.absent("b"), new Guard("a", first)),
                    List.of(new Op.Put("b", SECRET), new Op.Delete("a"))));
            assertEquals(new Conflict("a"), stale);
            assertTrue(store.read("b").isEmpty());
            assertArrayEquals(new byte[] {2}, store.read("a").orElseThrow().value());
            assertEquals(new Conflict("a"), done(store.txn(List.of(Guard.absent("a")), List.of(new Op.Delete("a")))));
        }
    }

    @Test
    void shouldLetOneOfSeveralWritersWinUnderTheSameGuard() throws Exception {
        try (SqliteStore store = open()) {
            List<CompletionStage<TxnResult>> stages = IntStream.range(0, 200)
                    .mapToObj(i -> store.txn(
                            List.of(Guard.absent("address/1")), List.of(new Op.Put("address/1", new byte[] {(byte) i}))))
                    .toList();
            long winners = stages.stream().map(SqliteStoreTest::done).filter(Committed.class::isInstance).count();
            assertEquals(1, winners);
            assertArrayEquals(new byte[] {0}, store.read("address/1").orElseThrow().value());
            assertTrue((long) store.status().get("commits") < 200, "transactions are committed in groups");
        }
    }

    @Test
    void shouldListByPrefixInTheOrderOfKeys() throws Exception {
        try (SqliteStore store = open()) {
            for (String key : List.of("session/openvpn/b", "session/openvpn/a", "session/wireguard/a", "session", "z")) {
                put(store, key, key.getBytes(StandardCharsets.UTF_8));
            }
            assertEquals(
                    List.of("session/openvpn/a", "session/openvpn/b"),
                    store.list("session/openvpn/").stream().map(Entry::key).toList());
            assertEquals(5, store.list("").size());
            assertEquals(List.of(), store.list("nothing/"));
        }
    }

    @Test
    void shouldRefuseWhatIsBeyondTheLimits() throws Exception {
        try (SqliteStore store = open()) {
            assertRefused(store, new Op.Put("UPPER", SECRET));
            assertRefused(store, new Op.Put("", SECRET));
            assertRefused(store, new Op.Put("a", new byte[SqliteStore.MAX_VALUE + 1]));
            List<Op> tooMany = new ArrayList<>();
            for (int i = 0; i <= SqliteStore.MAX_OPS; i++) {
                tooMany.add(new Op.Put("k" + i, new byte[1]));
            }
            assertInstanceOf(
                    IllegalArgumentException.class,
                    assertThrows(CompletionException.class, () -> done(store.txn(List.of(), tooMany))).getCause());
            assertInstanceOf(Committed.class, done(store.txn(List.of(), tooMany.subList(0, SqliteStore.MAX_OPS))));
            put(store, "large", new byte[SqliteStore.MAX_VALUE]);
            assertEquals(SqliteStore.MAX_VALUE, store.read("large").orElseThrow().value().length);
            assertThrows(IllegalArgumentException.class, () -> store.read("no blanks"));
        }
    }

    private static void assertRefused(SqliteStore store, Op op) {
        var refused = assertThrows(CompletionException.class, () -> done(store.txn(List.of(), List.of(op))));
        assertInstanceOf(IllegalArgumentException.class, refused.getCause());
    }

    @Test
    void shouldNotChangeWhatTheCallerOverwritesLater() throws Exception {
        try (SqliteStore store = open()) {
            byte[] value = SECRET.clone();
            CompletionStage<TxnResult> stage = store.txn(List.of(), List.of(new Op.Put("a", value)));
            java.util.Arrays.fill(value, (byte) 0);
            done(stage);
            assertArrayEquals(SECRET, store.read("a").orElseThrow().value());
        }
    }

    @Test
    void shouldWriteNoPlainTextAndNoFileThatOthersCanRead() throws Exception {
        try (SqliteStore store = open()) {
            put(store, "a", SECRET);
            assertFilesArePrivateAndSealed();
        }
        assertFilesArePrivateAndSealed();
    }

    private void assertFilesArePrivateAndSealed() throws IOException {
        Path directory = home.resolve("var/store");
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)), file.toString());
                String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
                assertFalse(bytes.contains(new String(SECRET, StandardCharsets.ISO_8859_1)), file.toString());
            }
        }
    }

    @Test
    void shouldNoticeAValueThatWasChangedOrMoved() throws Exception {
        try (SqliteStore store = open()) {
            put(store, "a", SECRET);
            put(store, "b", SECRET);
        }
        sql("UPDATE records SET value = (SELECT value FROM records WHERE key = 'b') WHERE key = 'a'");
        try (SqliteStore store = open()) {
            assertDamaged(store, "a");
            assertArrayEquals(SECRET, store.read("b").orElseThrow().value());
        }
        sql("UPDATE records SET revision = revision + 1 WHERE key = 'b'");
        try (SqliteStore store = open()) {
            assertDamaged(store, "b");
            assertThrows(StoreException.class, () -> store.list(""));
        }
        sql("UPDATE records SET value = x'01' WHERE key = 'b'");
        try (SqliteStore store = open()) {
            assertDamaged(store, "b");
        }
    }

    private static void assertDamaged(SqliteStore store, String key) {
        String message = assertThrows(StoreException.class, () -> store.read(key)).getMessage();
        assertTrue(message.contains("record " + key) && message.contains("backup"), message);
    }

    private void sql(String statement) throws Exception {
        String file = home.resolve("var/store/culvert.db").toString();
        try (Connection connection = new JDBC4Connection("jdbc:sqlite:" + file, file, new Properties());
                Statement run = connection.createStatement()) {
            run.execute(statement);
        }
    }

    @Test
    void shouldRefuseADatabaseWithoutItsKey() throws Exception {
        open().close();
        Path key = home.resolve("var/store/key");
        byte[] original = Files.readAllBytes(key);

        Files.delete(key);
        assertRemedy("restore the key");
        assertFalse(Files.exists(key));

        Files.write(key, new byte[KeyFile.LENGTH]);
        assertRemedy("chmod 600");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        assertRemedy("is not the key of");

        Files.write(key, new byte[5]);
        assertRemedy("5 bytes instead of 32");

        Files.write(key, original);
        open().close();
    }

    @Test
    void shouldRefuseAFileThatIsNoDatabase() throws Exception {
        open().close();
        Files.write(home.resolve("var/store/culvert.db"), new byte[8192]);
        assertRemedy("restore var/store");
    }

    @Test
    void shouldFailClearlyWhenTheDatabaseCannotBeUsedAnyMore() throws Exception {
        try (SqliteStore store = open()) {
            put(store, "a", SECRET);
            sql("DROP TABLE records");
            assertTrue(assertThrows(StoreException.class, () -> store.read("a")).getMessage().contains("cannot read"));
            var failed = assertThrows(
                    CompletionException.class, () -> done(store.txn(List.of(), List.of(new Op.Delete("a")))));
            assertInstanceOf(StoreException.class, failed.getCause());
            assertTrue(String.valueOf(store.status().get("problem")).contains("cannot write"));
        }
    }

    @Test
    void shouldRefuseADatabaseOfALaterFormat() throws Exception {
        open().close();
        sql("PRAGMA user_version = 9");
        assertRemedy("start the version that wrote it");
    }

    @Test
    void shouldRefuseASecondProcess() throws Exception {
        try (SqliteStore store = open()) {
            assertRemedy("another process uses");
            put(store, "a", SECRET);
        }
    }

    private void assertRemedy(String text) {
        String message = assertThrows(StoreException.class, this::open).getMessage();
        assertTrue(message.contains(text), message);
    }

    @Test
    void shouldLeaveNoThreadFileOrDriverWhenClosed() throws Exception {
        for (int i = 0; i < 3; i++) {
            SqliteStore store = open();
            put(store, "a", SECRET);
            store.read("a");
            store.close();
            store.close();
            assertTrue(Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t.getName().equals("store-local")));
            assertEquals(List.of(), openFilesBelow(home.resolve("var/store")));
            assertThrows(StoreException.class, () -> store.read("a"));
            var late = assertThrows(
                    CompletionException.class, () -> done(store.txn(List.of(), List.of(new Op.Delete("a")))));
            assertInstanceOf(StoreException.class, late.getCause());
        }
    }

    private static List<String> openFilesBelow(Path directory) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                String target = Files.isSymbolicLink(descriptor) ? Files.readSymbolicLink(descriptor).toString() : "";
                if (target.startsWith(directory.toString())) {
                    found.add(target);
                }
            }
        }
        return found;
    }

    @Test
    void shouldCommitWhatWaitsBeforeItCloses() throws Exception {
        SqliteStore store = open();
        List<CompletionStage<TxnResult>> stages = IntStream.range(0, 300)
                .mapToObj(i -> store.txn(List.of(), List.of(new Op.Put("k" + i, SECRET))))
                .toList();
        store.close();
        stages.forEach(stage -> assertInstanceOf(Committed.class, done(stage)));
        try (SqliteStore again = open()) {
            assertEquals(300, again.list("k").size());
        }
    }

    @Test
    void shouldRefuseTransactionsThatWouldWaitForLong() throws Exception {
        try (SqliteStore store = SqliteStore.open(home, 1)) {
            List<CompletionStage<TxnResult>> stages = IntStream.range(0, 500)
                    .mapToObj(i -> store.txn(List.of(), List.of(new Op.Put("k" + i, new byte[1]))))
                    .toList();
            long refused = 0;
            for (CompletionStage<TxnResult> stage : stages) {
                try {
                    done(stage);
                } catch (CompletionException e) {
                    assertInstanceOf(StoreException.class, e.getCause());
                    refused++;
                }
            }
            assertEquals(500 - refused, store.list("k").size());
        }
    }

    @Test
    void shouldKeepEveryAcknowledgedRecordWhenTheProcessIsKilled() throws Exception {
        int acknowledged = 0;
        for (int round = 0; round < 3; round++) {
            Process child = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-Xmx64m",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            KilledWriter.class.getName(),
                            home.toString(),
                            Integer.toString(acknowledged))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader lines = child.inputReader()) {
                for (int seen = 0; seen < 50; seen++) {
                    acknowledged = Integer.parseInt(lines.readLine()) + 1;
                }
                // By its handle, so that what it wrote last can still be read.
                child.toHandle().destroyForcibly();
                String line;
                while ((line = lines.readLine()) != null) {
                    acknowledged = Integer.parseInt(line) + 1;
                }
            }
            assertTrue(child.waitFor(20, TimeUnit.SECONDS));
            try (SqliteStore store = open()) {
                int present = store.list("n/").size();
                assertTrue(present >= acknowledged, present + " of " + acknowledged);
                acknowledged = present;
            }
        }
        try (var left = Files.list(home.resolve("run/sqlite"))) {
            long libraries = left.filter(file -> file.toString().endsWith(".so")).count();
            assertTrue(libraries <= 1, "what killed processes left is removed at start: " + libraries);
        }
    }
}
