package io.culvert.api.web;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** The append-only record of who changed what, each entry chained to the one before it by its hash. */
@ProviderType
public interface AuditTrail {
    /** The result of an entry that tells of an intent: what came of it stands in a later one, or a crash came between. */
    String BEGUN = "begun";

    /**
     * Adds an entry; it survives power loss when this returns.
     *
     * @throws IOException when it cannot be written: then nothing may be changed
     */
    void record(Entry entry) throws IOException;

    /**
     * Adds an entry of an intent, before anything is changed; it survives power loss when this returns.
     *
     * @param entry with the result {@link #BEGUN}
     * @return its number, for {@link #end}
     * @throws IOException when it cannot be written: then nothing may be changed
     */
    default long begin(Entry entry) throws IOException {
        record(entry);
        return 0;
    }

    /**
     * Adds what came of an intent.
     *
     * @param begun what {@link #begin} returned
     */
    default void end(long begun, Entry entry) throws IOException {
        record(entry);
    }

    /**
     * Entries that match, newest first.
     *
     * @param before number that all must be below; the newest ones when empty
     * @param text that who, what, target or note must contain; empty for any
     * @param limit at most this many
     */
    List<Numbered> find(Optional<Long> before, String text, int limit) throws IOException;

    /**
     * What happened.
     *
     * @param who name of the caller; empty when nobody had signed in
     * @param from address or {@code local}
     * @param what the endpoint or command: {@code POST /api/v1/users/{id}:disable}
     * @param target what it was done to: {@code user alice}; empty when the endpoint says it all
     * @param note plain words, never a secret
     * @param result {@code ok}, {@link #BEGUN}, or the code of the problem
     * @param changes what it changed, as far as that can be said in values
     */
    record Entry(
            String who,
            Role role,
            String from,
            String what,
            String target,
            String note,
            String result,
            List<Changed> changes) {
        public Entry {
            changes = List.copyOf(changes);
        }

        /** One that changed nothing that can be said in values. */
        public Entry(String who, Role role, String from, String what, String target, String note, String result) {
            this(who, role, from, what, target, note, result, List.of());
        }
    }

    /**
     * A value that is another one now. A secret has {@code changed} in place of both.
     *
     * @param field what it is: {@code role}, {@code core.mtu}
     * @param before empty when there was none
     * @param after empty when there is none
     */
    record Changed(String field, String before, String after) {}

    /**
     * An entry in its place.
     *
     * @param number counts from 1 without a gap
     * @param hash SHA-256 in hexadecimal over the entry and the hash before it
     */
    record Numbered(long number, Instant time, Entry entry, String hash) {}
}
