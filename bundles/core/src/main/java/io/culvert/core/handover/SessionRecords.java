package io.culvert.core.handover;

import io.culvert.api.handover.SessionRecord;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The durable records of live sessions.
 *
 * <p>Threads: any. {@link #save} and {@link #forget} never block; for one session they take effect in the order in
 * which they were called.
 */
public interface SessionRecords {
    /** Completes with true when the record is durable, with false when the store failed (which is logged); never exceptionally. */
    CompletionStage<Boolean> save(SessionRecord record);

    /** Removes the record, soon and for good; completes when that is done, with false when the store failed. */
    CompletionStage<Boolean> forget(String protocol, String instance, long sessionId);

    /** The stored records of one protocol instance; those that cannot be read are logged and left out. May block. */
    List<SessionRecord> load(String protocol, String instance);
}
