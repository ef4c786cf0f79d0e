package io.culvert.store.local;

import java.sql.SQLException;

/** What {@link Committer} needs of the database: changes that count together when {@link #commit} returns. */
interface WriteTransaction {
    /** The revision of the last transaction, records that are gone included. */
    long lastRevision() throws SQLException;

    void setLastRevision(long revision) throws SQLException;

    /** The record's revision; 0 when there is none. */
    long revision(String key) throws SQLException;

    void put(String key, long revision, byte[] value) throws SQLException;

    void delete(String key) throws SQLException;

    /** Returns when it is on the disk. After an exception it may be there or not. */
    void commit() throws SQLException;

    void rollback() throws SQLException;
}
