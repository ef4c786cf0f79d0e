package io.culvert.api.tunnel;

/** A session record that cannot be turned into a session again. The message names no key material. */
public final class HandoverException extends Exception {
    public HandoverException(String message) {
        super(message);
    }

    public HandoverException(String message, Throwable cause) {
        super(message, cause);
    }
}
