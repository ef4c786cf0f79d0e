package io.culvert.api.pki;

/** An authority that cannot do what it was asked. The message names the thing and the remedy, never a key. */
public final class PkiException extends Exception {
    public PkiException(String message) {
        super(message);
    }

    public PkiException(String message, Throwable cause) {
        super(message, cause);
    }
}
