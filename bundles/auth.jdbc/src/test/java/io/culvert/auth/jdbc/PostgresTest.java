package io.culvert.auth.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.testsupport.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Against a PostgreSQL server of our own. */
class PostgresTest extends JdbcAuthenticatorContract {
    private static PostgresServer server;

    @BeforeAll
    static void start() throws Exception {
        server = PostgresServer.start();
        try (var connection = owner(); var statement = connection.createStatement()) {
            fill(connection);
            statement.execute("CREATE EXTENSION pgcrypto");
            statement.execute("INSERT INTO users VALUES ('frank', crypt('franks', gen_salt('bf', 6)), TRUE, NULL, NULL)");
            statement.execute("CREATE ROLE reader LOGIN PASSWORD 'reads'");
            statement.execute("GRANT SELECT ON users TO reader");
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private static Connection owner() throws SQLException {
        var account = new Properties();
        account.setProperty("user", PostgresServer.USER);
        account.setProperty("password", PostgresServer.PASSWORD);
        return new org.postgresql.Driver().connect(server.url(), account);
    }

    @Override
    Database database() throws SQLException {
        return Database.of(server.url(), "reader", "reads", 2);
    }

    @Test
    void shouldMatchWhatTheServerHashed() throws Exception {
        assertInstanceOf(Accepted.class, login("frank", "franks"));
        assertInstanceOf(Refused.class, login("frank", "Franks"));
    }

    @Test
    void shouldGoOnWhenTheServerComesBack() throws Exception {
        assertInstanceOf(Accepted.class, login("alice", "password"));
        server.down();
        try {
            assertThrows(SQLException.class, () -> login("alice", "password"));
            assertTrue(authenticator.facts().containsKey("problem"), authenticator.facts().toString());
        } finally {
            server.up();
        }
        assertInstanceOf(Accepted.class, login("alice", "password"));
        assertEquals(null, authenticator.facts().get("problem"));
    }

    /** Its connections died while nobody looked: nobody notices. */
    @Test
    void shouldNotNoticeARestart() throws Exception {
        assertInstanceOf(Accepted.class, login("alice", "password"));
        server.down();
        server.up();
        assertInstanceOf(Accepted.class, login("alice", "password"));
    }

    @Test
    void shouldNotWaitForAServerThatHangs() throws Exception {
        assertInstanceOf(Accepted.class, login("alice", "password"));
        try {
            server.asleep();
            long before = System.nanoTime();
            assertThrows(SQLException.class, () -> login("alice", "password"));
            Duration waited = Duration.ofNanos(System.nanoTime() - before);
            assertTrue(waited.toSeconds() <= 8, waited.toString());
        } finally {
            server.awake();
        }
        assertInstanceOf(Accepted.class, login("alice", "password"));
    }

    @Test
    void shouldRegisterNoDriver() {
        assertFalse(org.postgresql.Driver.isRegistered());
    }

    @Test
    void shouldSayThatTheAccountIsRefused() throws Exception {
        connections.close();
        connections = new Connections(Database.of(server.url(), "reader", "wrong", 2), 2, 2);
        var e = assertThrows(SQLException.class, () -> login(with(QUERY), "alice", "password"));
        assertTrue(e.getMessage().contains("reader"), e.getMessage());
    }
}
