package io.culvert.auth.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Credentials;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds with every database. Each has the table users (name, password, enabled, "group", address). */
abstract class JdbcAuthenticatorContract {
    static final String HASH = "$argon2id$v=19$m=1024,t=2,p=1$c29tZXNhbHQ$7FfsnA6vUe7qLpL/3Kqc3uR48ZJyFbUVt7jWZlf0Htk";
    static final List<String> ROWS = List.of(
            "('alice', '" + HASH + "', TRUE, 'staff', '10.8.0.7')",
            "('bob', '" + HASH + "', FALSE, NULL, NULL)",
            "('carol', NULL, TRUE, NULL, NULL)",
            "('dave', 'in the clear', TRUE, NULL, NULL)",
            "('eve', '" + HASH + "', NULL, NULL, NULL)",
            "('twice', '" + HASH + "', TRUE, NULL, NULL)",
            "('twice', '" + HASH + "', TRUE, NULL, NULL)");
    static final String QUERY = "SELECT password, enabled, \"group\", address FROM users WHERE name = :user";

    Connections connections;
    JdbcAuthenticator authenticator;

    abstract Database database() throws Exception;

    static void fill(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE users (name VARCHAR(255), password VARCHAR(255), enabled BOOLEAN,"
                    + " \"group\" VARCHAR(64), address VARCHAR(64))");
            for (String row : ROWS) {
                statement.execute("INSERT INTO users VALUES " + row);
            }
        }
    }

    @BeforeEach
    void open() throws Exception {
        connections = new Connections(database(), 2, 2);
        authenticator = with(QUERY);
    }

    @AfterEach
    void close() {
        connections.close();
        assertEquals(0, connections.open(), "connections are left");
    }

    JdbcAuthenticator with(String query) {
        return new JdbcAuthenticator(
                connections,
                UserQuery.of(query, List.of("group", "address")),
                new HashFormats(List.of("argon2", "bcrypt")),
                2,
                new SecureRandom());
    }

    AuthDecision login(String user, String password) throws Exception {
        return login(authenticator, user, password);
    }

    static AuthDecision login(JdbcAuthenticator authenticator, String user, String password) throws Exception {
        return authenticator.authenticate(new Credentials(
                "openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(), new InetSocketAddress(1), Map.of()));
    }

    private void refuses(String user, String password, String why) throws Exception {
        var refused = assertInstanceOf(Refused.class, login(user, password));
        assertEquals("authentication failed", refused.peerText());
        assertTrue(refused.logText().contains(why), refused.logText());
        assertFalse(refused.logText().contains("in the clear"), refused.logText());
    }

    @Test
    void shouldAcceptTheRightPasswordWithWhatIsKnown() throws Exception {
        assertEquals(new Accepted(Map.of("group", "staff", "address", "10.8.0.7")), login("alice", "password"));
    }

    @Test
    void shouldRefuseWhatIsNotClearlyAllowed() throws Exception {
        refuses("alice", "Password", "user alice: wrong password");
        refuses("alice", "", "user alice: wrong password");
        refuses("bob", "password", "user bob: is disabled");
        refuses("carol", "", "user carol: has no password");
        refuses("dave", "in the clear", "user dave: the format plain of the password is not allowed");
        refuses("eve", "password", "user eve: is disabled");
    }

    @Test
    void shouldNotKnowOthers() throws Exception {
        assertEquals(new Unknown(), login("mallory", "password"));
        assertEquals(new Unknown(), login("alice' --", "password"));
        assertEquals(new Unknown(), login("' OR '1'='1", "password"));
        assertEquals(new Unknown(), login("Alice", "password"));
    }

    @Test
    void shouldRefuseAnAmbiguousName() {
        var e = assertThrows(SQLException.class, () -> login("twice", "password"));
        assertEquals("query: gives several rows for one user name", e.getMessage());
    }

    @Test
    void shouldSayWhatIsWrongWithTheQuery() {
        assertThrows(SQLException.class, () -> login(with("SELECT password FROM nowhere WHERE x = :user"), "alice", "x"));
        var e = assertThrows(
                SQLException.class, () -> login(with("SELECT name FROM users WHERE name = :user"), "alice", "x"));
        assertTrue(e.getMessage().contains("SELECT hash AS password"), e.getMessage());
        assertTrue(authenticator.facts().toString().contains("connections"));
    }

    @Test
    void shouldServeManyLoginsWithFewConnections() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<AuthDecision> login = () -> login("alice", "password");
            List<Future<AuthDecision>> answers = threads.invokeAll(List.of(login, login, login, login, login, login));
            for (Future<AuthDecision> answer : answers) {
                assertInstanceOf(Accepted.class, answer.get());
            }
        }
        assertTrue(connections.open() <= 2);
    }
}
