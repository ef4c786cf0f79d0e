package io.culvert.log.jdbc;

import io.culvert.api.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The table of log entries. Each batch is one transaction; an entry is known by run and sequence number, so that one
 * that comes again changes nothing. The table is made when it is missing.
 *
 * <p>Threads: one writes; {@link #close} by any, also while another writes.
 */
final class LogTable implements AutoCloseable {
    private static final Duration BETWEEN_CLEANINGS = Duration.ofHours(1);

    /** Longer texts lose their end. */
    private static final int MAX_TEXT = 200_000;

    private final Database database;
    private final String table;
    private final Duration retain;
    private final InstantSource clock;
    private volatile @Nullable Connection connection;
    private volatile boolean writing;
    private volatile boolean closed;
    private Instant cleaned = Instant.EPOCH;

    /** @param retain older entries are deleted; zero for no limit */
    LogTable(Database database, String table, Duration retain, InstantSource clock) {
        this.database = database;
        this.table = table;
        this.retain = retain;
        this.clock = clock;
    }

    void write(List<LogRecord> entries) throws SQLException {
        writing = true;
        try {
            Connection open = open();
            insert(open, entries);
            clean(open);
        } catch (SQLException | RuntimeException e) {
            drop();
            throw e;
        } finally {
            writing = false;
        }
    }

    private Connection open() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = database.connect();
            connection = open;
            if (closed) {
                throw new SQLException("closed");
            }
            open.setAutoCommit(false);
            if (!exists(open)) {
                create(open);
            }
        }
        return open;
    }

    /** By asking: who may only insert may not create, not even what is there. */
    private boolean exists(Connection open) throws SQLException {
        try (var statement = open.createStatement();
                var none = statement.executeQuery("SELECT run, sequence, trace FROM " + table + " WHERE 1 = 0")) {
            return !none.next();
        } catch (SQLException e) {
            open.rollback();
            return false;
        }
    }

    private void create(Connection open) throws SQLException {
        String text = database.textType();
        try (var statement = open.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS " + table
                    + " (run VARCHAR(32) NOT NULL, sequence BIGINT NOT NULL, time TIMESTAMP WITH TIME ZONE NOT NULL,"
                    + " level VARCHAR(5) NOT NULL, module " + text + " NOT NULL, logger " + text + " NOT NULL,"
                    + " thread " + text + " NOT NULL, message " + text + " NOT NULL, trace " + text
                    + ", PRIMARY KEY (run, sequence))");
            String index = table.substring(table.indexOf('.') + 1) + "_time";
            statement.execute("CREATE INDEX IF NOT EXISTS " + index + " ON " + table + " (time)");
        }
        open.commit();
    }

    private void insert(Connection open, List<LogRecord> entries) throws SQLException {
        try (var statement = open.prepareStatement(database.insert(table))) {
            for (LogRecord entry : entries) {
                fill(statement, entry);
                statement.addBatch();
            }
            statement.executeBatch();
        }
        open.commit();
    }

    private static void fill(PreparedStatement statement, LogRecord entry) throws SQLException {
        statement.setString(1, entry.run());
        statement.setLong(2, entry.sequence());
        statement.setObject(3, entry.time().atOffset(ZoneOffset.UTC));
        statement.setString(4, entry.level().name().toLowerCase(Locale.ROOT));
        statement.setString(5, storable(entry.module()));
        statement.setString(6, storable(entry.logger()));
        statement.setString(7, storable(entry.thread()));
        statement.setString(8, storable(entry.message()));
        statement.setString(9, entry.trace().map(LogTable::storable).orElse(null));
    }

    /** Without what no database stores as text: NUL, and halves of surrogate pairs. One such entry would hold up all. */
    static String storable(String text) {
        String whole = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).replace('\0', '?');
        return whole.substring(0, whole.offsetByCodePoints(0, Math.min(whole.codePointCount(0, whole.length()), MAX_TEXT)));
    }

    private void clean(Connection open) throws SQLException {
        Instant now = clock.instant();
        if (retain.isZero() || now.isBefore(cleaned.plus(BETWEEN_CLEANINGS))) {
            return;
        }
        try (var statement = open.prepareStatement("DELETE FROM " + table + " WHERE time < ?")) {
            statement.setObject(1, now.minus(retain).atOffset(ZoneOffset.UTC));
            statement.executeUpdate();
        }
        open.commit();
        cleaned = now;
    }

    boolean isOpen() {
        return connection != null;
    }

    /** A connection of which it is not known what the server did is of no use; nor does it have to be asked. */
    private void drop() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.rollback();
            } catch (SQLException e) {
                // It is gone: so is the transaction.
            }
            try {
                open.close();
            } catch (SQLException e) {
                // As well.
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        Connection open = connection;
        if (writing && open != null) {
            try {
                open.abort(Runnable::run);
            } catch (SQLException e) {
                // The write ends by its own deadline.
            }
        } else {
            drop();
        }
    }
}
