package io.culvert.auth.jdbc;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2Test extends JdbcAuthenticatorContract {
    @TempDir
    private Path directory;

    @Override
    Database database() throws Exception {
        String url = "jdbc:h2:" + directory.resolve("users");
        var account = new Properties();
        account.put("user", "culvert");
        account.put("password", "secret");
        try (var connection = new org.h2.Driver().connect(url, account)) {
            fill(connection);
        }
        return Database.of(url, "culvert", "secret", 2);
    }

    @Test
    void shouldNotMakeADatabaseThatIsMissing() throws Exception {
        Database missing = Database.of("jdbc:h2:" + directory.resolve("missing"), "culvert", "", 2);
        assertThrows(SQLException.class, missing::connect);
    }

    @Test
    void shouldNotServeOtherDatabases() {
        assertThrows(IllegalArgumentException.class, () -> Database.of("jdbc:oracle:thin:@x", "", "", 2));
        assertThrows(IllegalArgumentException.class, () -> Database.of("", "", "", 2));
    }
}
