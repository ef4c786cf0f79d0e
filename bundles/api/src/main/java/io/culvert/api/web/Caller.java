package io.culvert.api.web;

/**
 * Who calls.
 *
 * @param name of the administrator, user or token; {@code root} on the Unix socket; empty when nobody has signed in
 * @param role the caller's own, never {@link Role#SIGNED_IN}
 * @param means how the caller proved it
 * @param from the address the call comes from, or {@code local} on the Unix socket
 */
public record Caller(String name, Role role, Means means, String from) {
    /** How a caller proves who it is. */
    public enum Means {
        NOTHING,
        /** Signed in with a browser. */
        SESSION,
        /** An API token in the {@code Authorization} header. */
        TOKEN,
        /** The Unix socket that only root can open. */
        LOCAL
    }
}
