package io.culvert.store.local;

import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.sqlite.jdbc4.JDBC4Connection;

/**
 * One connection to the database file. Not safe for use by several threads.
 *
 * <p>Connections are made without {@code java.sql.DriverManager}: it would keep the driver, and with it its bundle's
 * class loader, for as long as the JVM runs.
 */
final class Database implements WriteTransaction, AutoCloseable {
    private static final int SCHEMA = 1;

    /** Proves that the key belongs to the database. */
    private static final String KEY_CHECK = "key-check";

    private static final String REVISION = "revision";

    private static final String SET_FACT =
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    private final Connection connection;
    private final Sealer sealer;
    private final PreparedStatement read;
    private final PreparedStatement list;
    private final PreparedStatement revision;
    private final PreparedStatement put;
    private final PreparedStatement delete;
    private final PreparedStatement setFact;

    private Database(Connection connection, Sealer sealer) throws SQLException {
        this.connection = connection;
        this.sealer = sealer;
        this.read = connection.prepareStatement("SELECT key, revision, value FROM records WHERE key = ?");
        this.list = connection.prepareStatement(
                "SELECT key, revision, value FROM records WHERE key >= ? AND key < ? ORDER BY key");
        this.revision = connection.prepareStatement("SELECT revision FROM records WHERE key = ?");
        this.put = connection.prepareStatement("INSERT INTO records VALUES (?, ?, ?)"
                + " ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value");
        this.delete = connection.prepareStatement("DELETE FROM records WHERE key = ?");
        this.setFact = connection.prepareStatement(SET_FACT);
    }

    /** The connection that writes; makes the tables when there are none. */
    static Database forWriting(StoreFiles files, Sealer sealer) throws StoreException {
        Path file = files.database();
        Connection connection = null;
        try {
            if (!Files.exists(file)) {
                Files.createFile(file, StoreFiles.PRIVATE_FILE);
            }
            connection = connect(file, List.of("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 1000",
                    "journal_size_limit = 16777216"));
            connection.setAutoCommit(false);
            prepare(connection, file, sealer);
            connection.commit();
            // The commit has created the -wal file: without its name there would be nothing to recover.
            files.sync();
            return new Database(connection, sealer);
        } catch (SQLException e) {
            closeQuietly(connection);
            throw new StoreException("store local: cannot open " + file + ": " + e.getMessage()
                    + ": restore var/store from the backup, or move it away to begin with an empty store", e);
        } catch (IOException e) {
            closeQuietly(connection);
            throw new StoreException("store local: cannot create " + file + ": " + StoreFiles.reason(e), e);
        } catch (StoreException e) {
            closeQuietly(connection);
            throw e;
        }
    }

    /** A connection that reads what is committed, while another one writes. */
    static Database forReading(StoreFiles files, Sealer sealer) throws StoreException {
        Connection connection = null;
        try {
            connection = connect(files.database(), List.of("query_only = ON"));
            return new Database(connection, sealer);
        } catch (SQLException e) {
            closeQuietly(connection);
            throw new StoreException("store local: cannot open " + files.database() + ": " + e.getMessage(), e);
        }
    }

    private static Connection connect(Path file, List<String> pragmas) throws SQLException {
        Connection connection = new JDBC4Connection("jdbc:sqlite:" + file, file.toString(), new Properties());
        try (Statement statement = connection.createStatement()) {
            for (String pragma : List.of("busy_timeout = 10000", "temp_store = MEMORY", "trusted_schema = OFF")) {
                statement.execute("PRAGMA " + pragma);
            }
            for (String pragma : pragmas) {
                statement.execute("PRAGMA " + pragma);
            }
            return connection;
        } catch (SQLException e) {
            closeQuietly(connection);
            throw e;
        }
    }

    private static void prepare(Connection connection, Path file, Sealer sealer) throws SQLException, StoreException {
        try (Statement statement = connection.createStatement()) {
            int schema = number(statement, "PRAGMA user_version");
            if (schema > SCHEMA) {
                throw new StoreException("store local: " + file + " has the format " + schema
                        + ", this version of Culvert knows " + SCHEMA + ": start the version that wrote it");
            }
            if (schema == 0) {
                statement.execute("CREATE TABLE records (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, value BLOB NOT NULL)");
                statement.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL)");
                statement.execute("PRAGMA user_version = " + SCHEMA);
                setFact(connection, REVISION, 0L);
                setFact(connection, KEY_CHECK, sealer.seal(KEY_CHECK, 0, new byte[KeyFile.LENGTH]));
            }
            // Written at every start, so that the -wal file exists from here on.
            statement.execute("INSERT INTO facts VALUES ('starts', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1");
            try (ResultSet row = statement.executeQuery("SELECT value FROM facts WHERE name = '" + KEY_CHECK + "'")) {
                if (!row.next()) {
                    throw new SQLException("the key check is missing");
                }
                sealer.open(KEY_CHECK, 0, row.getBytes(1));
            }
        } catch (GeneralSecurityException e) {
            throw new StoreException("store local: " + file.resolveSibling("key") + " is not the key of " + file
                    + ": restore the key that belongs to it from the backup", e);
        }
    }

    private static int number(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getInt(1);
        }
    }

    private static void setFact(Connection connection, String name, Object value) throws SQLException {
        try (PreparedStatement set = connection.prepareStatement(SET_FACT)) {
            setFact(set, name, value);
        }
    }

    private static void setFact(PreparedStatement set, String name, Object value) throws SQLException {
        set.setString(1, name);
        set.setObject(2, value);
        set.executeUpdate();
    }

    Optional<Entry> read(String key) throws SQLException, StoreException {
        read.setString(1, key);
        try (ResultSet row = read.executeQuery()) {
            return row.next() ? Optional.of(entry(row)) : Optional.empty();
        }
    }

    List<Entry> list(String prefix) throws SQLException, StoreException {
        list.setString(1, prefix);
        // No character of a key sorts after this one.
        list.setString(2, prefix + '\u007f');
        List<Entry> entries = new ArrayList<>();
        try (ResultSet row = list.executeQuery()) {
            while (row.next()) {
                entries.add(entry(row));
            }
        }
        return List.copyOf(entries);
    }

    private Entry entry(ResultSet row) throws SQLException, StoreException {
        String key = row.getString(1);
        long revision = row.getLong(2);
        try {
            return new Entry(key, sealer.open(key, revision, row.getBytes(3)), revision);
        } catch (GeneralSecurityException e) {
            throw new StoreException("store local: record " + key
                    + " is damaged or was changed from outside: restore var/store from the backup", e);
        }
    }

    @Override
    public long revision(String key) throws SQLException {
        revision.setString(1, key);
        try (ResultSet row = revision.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    @Override
    public void put(String key, long revision, byte[] value) throws SQLException {
        byte[] sealed;
        try {
            sealed = sealer.seal(key, revision, value);
        } catch (GeneralSecurityException e) {
            throw new SQLException("this JDK cannot seal values with AES-256-GCM", e);
        }
        put.setString(1, key);
        put.setLong(2, revision);
        put.setBytes(3, sealed);
        put.executeUpdate();
    }

    @Override
    public void delete(String key) throws SQLException {
        delete.setString(1, key);
        delete.executeUpdate();
    }

    @Override
    public long lastRevision() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT value FROM facts WHERE name = ?")) {
            statement.setString(1, REVISION);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    @Override
    public void setLastRevision(long revision) throws SQLException {
        setFact(setFact, REVISION, revision);
    }

    @Override
    public void commit() throws SQLException {
        connection.commit();
    }

    @Override
    public void rollback() throws SQLException {
        connection.rollback();
    }

    @Override
    public void close() {
        List.of(read, list, revision, put, delete, setFact).forEach(Database::closeQuietly);
        closeQuietly(connection);
    }

    private static void closeQuietly(@Nullable AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            // What was committed is durable; the next start recovers the rest.
            return;
        }
    }
}
