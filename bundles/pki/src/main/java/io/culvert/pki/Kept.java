package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something under one key of the store that is made when it is missing and made anew when it is due. */
abstract class Kept<T> implements Renewing.Term<T>, Renewing.Source<T> {
    private final String key;
    private final Records records;

    Kept(String key, Records records) {
        this.key = key;
        this.records = records;
    }

    abstract T decode(Fields fields) throws Exception;

    abstract byte[] encode(T value) throws Exception;

    /** The next one; {@code old} is null when there is none. */
    abstract T make(@Nullable T old, Instant now) throws PkiException;

    /** What the store has if it is not due: somebody else may have renewed it. Else a new one, durable. */
    @Override
    public T renew(Instant now) throws PkiException {
        for (int attempt = 0; attempt < Records.ATTEMPTS; attempt++) {
            Optional<Entry> entry = records.read(key);
            @Nullable T old = entry.isPresent() ? decoded(entry.get()) : null;
            if (old != null && !of(old, now).isDue(now)) {
                return old;
            }
            T next = make(old, now);
            Guard unchanged = new Guard(key, entry.map(Entry::revision).orElse(0L));
            if (records.commit(List.of(unchanged), List.of(new Op.Put(key, encoded(next)))).isPresent()) {
                return next;
            }
        }
        throw records.gaveUp(key);
    }

    private T decoded(Store.Entry entry) throws PkiException {
        try {
            return decode(Fields.of(entry));
        } catch (PkiException e) {
            throw e;
        } catch (Exception e) {
            throw Fields.damaged(key);
        }
    }

    private byte[] encoded(T value) throws PkiException {
        try {
            return encode(value);
        } catch (Exception e) {
            throw new PkiException("cannot encode " + key + ": " + e.getMessage(), e);
        }
    }
}
