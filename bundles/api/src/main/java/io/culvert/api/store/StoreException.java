package io.culvert.api.store;

/** A store that cannot answer. The message names the store and the remedy, never a value. */
public final class StoreException extends Exception {
    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
