package io.culvert.api.web;

import java.io.InputStream;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** A request that has passed the server's checks. */
@ProviderType
public interface WebRequest {
    Caller caller();

    /**
     * For what only sometimes asks for a fresh proof; what always does says {@link WebEndpoint.Flag#FRESH_PROOF}.
     *
     * @throws Problem 403 when the caller has not proved within the last minutes who it is; never for root on the machine
     */
    void requireFreshProof() throws Problem;

    /** The path as it was asked for, decoded and without the query. */
    String path();

    /**
     * What stands in the path for {@code {name}}, decoded; never empty.
     *
     * @throws IllegalArgumentException when the endpoint has no such parameter
     */
    String parameter(String name);

    /** The first value of {@code name} in the query; empty when it is absent or empty. */
    Optional<String> query(String name);

    /**
     * A whole number from the query.
     *
     * @throws Problem 400 naming the parameter when it is no number or out of range
     */
    default long query(String name, long otherwise, long least, long most) throws Problem {
        var text = query(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text.get());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw Problem.field(name, "must be a whole number from " + least + " to " + most);
    }

    /** The first header of that name, in any case. */
    Optional<String> header(String name);

    /**
     * The JSON body, strictly read: unknown names and wrong types are refused with the field's name.
     *
     * @throws Problem 400 when it is missing or malformed
     */
    <T> T body(Class<T> type) throws Problem;

    /** The body as it comes, for {@link WebEndpoint.Flag#RAW_BODY}. */
    InputStream stream();

    /** The tag in {@code If-Match} without its quotes. */
    Optional<String> ifMatch();

    /** The client's {@code Idempotency-Key}; the server itself repeats the earlier answer for a known key. */
    Optional<String> idempotencyKey();

    /** Adds to this call's entry in the audit log: plain words, never a secret. */
    void note(String text);

    /** Names what the call is about in the audit log: {@code user alice}. The path's parameters are there anyway. */
    void target(String name);

    /**
     * Says in the audit log that this call is about to change something; nothing when it has said so. The server does it
     * itself before the handler of every write whose role is not {@link Role#NONE}; handlers of the others call it when
     * they have decided that the call is to have an effect.
     *
     * @throws Problem 503 when the log cannot be written: then nothing may be changed
     */
    default void begin() throws Problem {}

    /**
     * Adds a value to this call's entry in the audit log that is another one now; nothing when both are the same.
     *
     * @param field what it is: {@code role}, {@code core.mtu}
     * @param before never a secret; empty when there was none
     * @param after never a secret; empty when there is none
     */
    default void changed(String field, String before, String after) {}

    /** The same for a secret: neither value is said. */
    default void changedSecret(String field) {
        changed(field, "", "changed");
    }
}
