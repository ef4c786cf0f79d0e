package io.culvert.auth.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A few connections, without a thread. One that fails is closed together with the idle ones, as a server that went away
 * took them all; what failed on a connection that had been idle is tried once more on a fresh one.
 */
final class Connections implements AutoCloseable {
    /** What is asked of a connection. */
    interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    private final Database database;
    private final Semaphore free;
    private final int seconds;
    private final Deque<Connection> idle = new ArrayDeque<>();
    private int open;
    private boolean closed;

    Connections(Database database, int most, int seconds) {
        this.database = database;
        this.free = new Semaphore(most, true);
        this.seconds = seconds;
    }

    <T> T ask(Question<T> question) throws SQLException, InterruptedException {
        if (!free.tryAcquire(seconds, TimeUnit.SECONDS)) {
            throw new SQLTransientConnectionException("no connection became free in " + seconds + " s");
        }
        try {
            Connection used = idle();
            if (used != null) {
                try {
                    return askOn(used, question);
                } catch (SQLException e) {
                    if (!isGone(used)) {
                        giveBack(used);
                        throw e;
                    }
                    drop(used);
                    dropIdle();
                }
            }
            Connection fresh = connect();
            try {
                return askOn(fresh, question);
            } catch (SQLException | RuntimeException e) {
                drop(fresh);
                throw e;
            }
        } finally {
            free.release();
        }
    }

    private <T> T askOn(Connection connection, Question<T> question) throws SQLException {
        T answer = question.ask(connection);
        giveBack(connection);
        return answer;
    }

    /** A timeout closes the connection too: an answer that comes late must not meet the next question. */
    private static boolean isGone(Connection connection) {
        try {
            return connection.isClosed() || !connection.isValid(1);
        } catch (SQLException _) {
            return true;
        }
    }

    private synchronized @Nullable Connection idle() {
        return idle.pollFirst();
    }

    private Connection connect() throws SQLException {
        Connection connection = database.connect();
        synchronized (this) {
            open++;
        }
        return connection;
    }

    private void giveBack(Connection connection) throws SQLException {
        synchronized (this) {
            if (!closed) {
                idle.addFirst(connection);
                return;
            }
        }
        drop(connection);
    }

    private void drop(Connection connection) {
        synchronized (this) {
            open--;
        }
        try {
            connection.close();
        } catch (SQLException _) {
            // It is gone either way.
        }
    }

    private void dropIdle() {
        List<Connection> gone;
        synchronized (this) {
            gone = new ArrayList<>(idle);
            idle.clear();
        }
        gone.forEach(this::drop);
    }

    synchronized int open() {
        return open;
    }

    /** Those in use are closed when their question is answered. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        dropIdle();
    }
}
