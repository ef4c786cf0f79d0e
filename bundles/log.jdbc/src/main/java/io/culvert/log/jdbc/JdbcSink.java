package io.culvert.log.jdbc;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.log.support.Bounds;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes log entries to a table. A database that is away does not keep it from being there. */
final class JdbcSink implements LogSink, AutoCloseable {
    static final String PID = "io.culvert.log.jdbc";

    private final LogTable table;
    private final String target;
    private volatile long written;

    JdbcSink(JdbcSettings settings) {
        this(settings, InstantSource.system());
    }

    JdbcSink(JdbcSettings settings, InstantSource clock) {
        String name = settings.table();
        if (!name.matches("([A-Za-z_][A-Za-z0-9_]{0,50}\\.)?[A-Za-z_][A-Za-z0-9_]{0,50}")) {
            throw new ConfigException(PID, "table", name, "must be TABLE or SCHEMA.TABLE, of letters, digits and _");
        }
        target = Database.shown(settings.url()) + " " + name;
        var retain = Duration.ofDays(Bounds.within(PID, "retainDays", settings.retainDays(), 0, 36500));
        table = new LogTable(database(settings), name, retain, clock);
    }

    private static Database database(JdbcSettings settings) {
        int timeout = Bounds.within(PID, "timeout", settings.timeout(), 1, 300);
        try {
            return Database.of(settings.url(), settings.user(), settings.password(), timeout);
        } catch (IllegalArgumentException | SQLException e) {
            throw new ConfigException(PID, "url", Database.shown(settings.url()), String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return "jdbc";
    }

    @Override
    public boolean durable() {
        return true;
    }

    @Override
    public void write(List<LogRecord> entries) throws SQLException {
        table.write(entries);
        written += entries.size();
    }

    Map<String, Object> status() {
        var status = new LinkedHashMap<String, Object>();
        status.put("target", target);
        status.put("connected", table.isOpen());
        status.put("written", written);
        return status;
    }

    @Override
    public void close() {
        table.close();
    }
}
