package io.culvert.log.jdbc;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Properties;

/**
 * A database by its URL, with its words for what differs. The driver is used directly: one that stays known to
 * {@code DriverManager} would keep this bundle's classes.
 */
final class Database {
    private final Driver driver;
    private final String url;
    private final Properties properties;
    private final String textType;
    private final String insert;

    private Database(Driver driver, String url, Properties properties, String textType, String insert) {
        this.driver = driver;
        this.url = url;
        this.properties = properties;
        this.textType = textType;
        this.insert = insert;
    }

    /**
     * @param seconds to connect and to wait for an answer
     * @throws IllegalArgumentException in words fit for the setting {@code url}
     */
    static Database of(String url, String user, String password, int seconds) throws SQLException {
        var properties = new Properties();
        if (!user.isEmpty()) {
            properties.setProperty("user", user);
        }
        if (!password.isEmpty()) {
            properties.setProperty("password", password);
        }
        if (url.startsWith("jdbc:postgresql:")) {
            return postgres(url, properties, seconds);
        }
        if (url.startsWith("jdbc:h2:")) {
            return h2(url, properties, seconds);
        }
        throw new IllegalArgumentException("must begin with jdbc:postgresql: or jdbc:h2:");
    }

    private static Database postgres(String url, Properties properties, int seconds) throws SQLException {
        var driver = new org.postgresql.Driver();
        if (org.postgresql.Driver.isRegistered()) {
            org.postgresql.Driver.deregister();
        }
        if (!driver.acceptsURL(url)) {
            throw new IllegalArgumentException("is no PostgreSQL URL, jdbc:postgresql://HOST[:PORT]/DATABASE");
        }
        properties.setProperty("ApplicationName", "culvert");
        properties.setProperty("reWriteBatchedInserts", "true");
        // Both are the socket's own: the driver's other timeouts need a thread each.
        properties.setProperty("connectTimeout", String.valueOf(seconds));
        properties.setProperty("socketTimeout", String.valueOf(seconds));
        properties.setProperty("loginTimeout", "0");
        return new Database(
                driver,
                url,
                properties,
                "TEXT",
                "INSERT INTO %s (run, sequence, time, level, module, logger, thread, message, trace)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, sequence) DO NOTHING");
    }

    private static Database h2(String url, Properties properties, int seconds) {
        loadErrorsApart();
        var driver = new org.h2.Driver();
        org.h2.Driver.unload();
        // Without a hook that outlives the module.
        properties.setProperty("DB_CLOSE_ON_EXIT", "FALSE");
        properties.setProperty("LOCK_TIMEOUT", String.valueOf(1000 * seconds));
        return new Database(
                driver,
                url,
                properties,
                "CHARACTER VARYING(1000000)",
                "MERGE INTO %s (run, sequence, time, level, module, logger, thread, message, trace)"
                        + " KEY (run, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    }

    /**
     * H2 makes an exception at its first use and keeps it for good: with it the classes of everybody on the stack then,
     * which belong to modules that shall be able to leave. On a thread of its own there is nobody.
     */
    private static void loadErrorsApart() {
        var loading = Thread.ofVirtual().unstarted(Database::loadErrors);
        loading.start();
        boolean interrupted = false;
        while (loading.isAlive()) {
            try {
                loading.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void loadErrors() {
        try {
            Class.forName("org.h2.message.DbException", true, Database.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    Connection connect() throws SQLException {
        Connection connection = driver.connect(url, properties);
        if (connection == null) {
            throw new SQLException("the driver does not take the URL");
        }
        return connection;
    }

    /** The type of a column for text of any length that occurs. */
    String textType() {
        return textType;
    }

    /** Inserts a row unless it is there; parameters in the order of the columns. */
    String insert(String table) {
        return insert.formatted(table);
    }

    /** The URL without its parameters, which can carry a password. */
    static String shown(String url) {
        return url.replaceAll("[?;].*", "");
    }
}
