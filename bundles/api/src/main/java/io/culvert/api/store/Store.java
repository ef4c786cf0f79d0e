package io.culvert.api.store;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Small durable records under path-like keys ({@code session/openvpn/7f3a}), changed in transactions. What a completed
 * transaction wrote survives kill -9 and power loss. Values are secret: a store that writes to disk seals them.
 *
 * <p>Threads: any but a packet loop, several at once.
 */
@ConsumerType
public interface Store {
    /** The store's name for logs and settings: {@code local}. */
    String name();

    /**
     * The record under {@code key}.
     *
     * @throws StoreException when the store cannot answer
     */
    Optional<Entry> read(String key) throws StoreException;

    /**
     * The records whose key starts with {@code prefix}, in the order of their keys, as of one moment.
     *
     * @throws StoreException when the store cannot answer
     */
    List<Entry> list(String prefix) throws StoreException;

    /**
     * Does all of {@code ops} if every guard holds, else nothing. Completes when the outcome is durable. Keys match
     * {@code [a-z0-9._/-]+}, values have at most 256 KiB, a transaction at most 128 operations.
     */
    CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops);

    /**
     * A record.
     *
     * @param revision of the transaction that last wrote it; larger is later
     */
    record Entry(String key, byte[] value, long revision) {
        @Override
        public String toString() {
            return "Entry[" + key + ", revision=" + revision + ", " + value.length + " bytes redacted]";
        }
    }

    /** A condition on a record: its revision, or 0 for absent. */
    record Guard(String key, long revision) {
        public static Guard absent(String key) {
            return new Guard(key, 0);
        }
    }

    /** A change of a record. */
    sealed interface Op {
        String key();

        record Put(String key, byte[] value) implements Op {
            @Override
            public String toString() {
                return "Put[" + key + ", " + value.length + " bytes redacted]";
            }
        }

        record Delete(String key) implements Op {}
    }

    /** How a transaction ended. */
    sealed interface TxnResult {
        /** Done and durable. */
        record Committed(long revision) implements TxnResult {}

        /** A guard did not hold; nothing was done. */
        record Conflict(String key) implements TxnResult {}

        /** The store cannot tell: read again before relying on either outcome. */
        record Unknown(String reason) implements TxnResult {}
    }
}
