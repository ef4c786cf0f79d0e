package io.culvert.api.tls;

/** A TLS connection that failed. The message is for the log and names no secret. */
public final class TlsException extends Exception {
    private final transient byte[] alert;

    public TlsException(String message) {
        this(message, null, new byte[0]);
    }

    public TlsException(String message, Throwable cause) {
        this(message, cause, new byte[0]);
    }

    /** @param alert TLS bytes that tell the peer, may be empty */
    public TlsException(String message, @org.jspecify.annotations.Nullable Throwable cause, byte[] alert) {
        super(message, cause);
        this.alert = alert.clone();
    }

    /** TLS bytes that tell the peer; may be empty. */
    public byte[] alert() {
        return alert.clone();
    }
}
