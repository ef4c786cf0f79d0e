package io.culvert.log.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.PostgresServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against a real PostgreSQL. */
class PostgresTest extends JdbcSinkContract {
    private static final Duration SOON = Duration.ofSeconds(30);

    private static PostgresServer server;

    @BeforeAll
    static void start() throws Exception {
        server = PostgresServer.start();
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    String url() {
        return server.url();
    }

    @Override
    String user() {
        return PostgresServer.USER;
    }

    @Override
    String password() {
        return PostgresServer.PASSWORD;
    }

    @Test
    void shouldTakeEachEntryOnceThoughTheServerDies() throws Exception {
        var failures = new AtomicInteger();
        var sink = sink("deaths", Map.of());
        var written = new AtomicInteger();
        var writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 300; i++) {
                // As the hub does: the same entries until they are taken.
                var batch = entries(10 * i, 10 * i + 10);
                Eventually.await(SOON, () -> "never taken", () -> {
                    try {
                        sink.write(batch);
                        return true;
                    } catch (SQLException e) {
                        failures.incrementAndGet();
                        throw e;
                    }
                });
                written.addAndGet(10);
            }
        });
        for (int death = 1; death <= 2; death++) {
            int until = 1000 * death;
            Eventually.await(SOON, () -> "stuck at " + written.get(), () -> written.get() >= until);
            int failed = failures.get();
            server.down();
            Eventually.await(SOON, () -> "no failure", () -> failures.get() > failed || written.get() == 3000);
            server.up();
        }
        assertTrue(writer.join(SOON));
        assertEquals(3000, written.get());
        assertTrue(failures.get() >= 1, "failures: " + failures.get());
        assertEquals(List.of("3000|0|2999"), rows("SELECT count(*), min(sequence), max(sequence) FROM deaths"));
        sink.close();
    }

    @Test
    void shouldNotWaitForeverForAServerThatHangs() throws Exception {
        var sink = sink("hangs", Map.of("timeout", 1));
        sink.write(entries(0, 1));
        server.asleep();
        try {
            assertThrows(SQLException.class, () -> sink.write(entries(1, 2)));
        } finally {
            server.awake();
        }
        sink.write(entries(1, 2));
        assertEquals(List.of("0", "1"), rows("SELECT sequence FROM hangs ORDER BY sequence"));
        sink.close();
    }

    @Test
    void shouldWriteAsOneWhoMayOnlyInsert() throws Exception {
        sink("granted", Map.of()).write(entries(0, 1));
        try (var connection = Database.of(url(), user(), password(), 5).connect();
                var statement = connection.createStatement()) {
            statement.execute("CREATE ROLE writer LOGIN PASSWORD 'quill'");
            statement.execute("GRANT INSERT, SELECT ON granted TO writer");
        }
        try (var sink = sink("granted", Map.of("user", "writer", "password", "quill"))) {
            sink.write(entries(1, 2));
        }
        assertEquals(List.of("2"), rows("SELECT count(*) FROM granted"));
    }
}
