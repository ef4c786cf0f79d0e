package io.culvert.api.web;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** The append-only record of who changed what, each entry chained to the one before it by its hash. */
@ProviderType
public interface AuditTrail {
    /**
     * Adds an entry; it survives power loss when this returns.
     *
     * @throws IOException when it cannot be written: then nothing may be changed
     */
    void record(Entry entry) throws IOException;

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
     * @param result {@code ok}, or the code of the problem
     */
    record Entry(String who, Role role, String from, String what, String target, String note, String result) {}

    /**
     * An entry in its place.
     *
     * @param number counts from 1 without a gap
     * @param hash SHA-256 in hexadecimal over the entry and the hash before it
     */
    record Numbered(long number, Instant time, Entry entry, String hash) {}
}
