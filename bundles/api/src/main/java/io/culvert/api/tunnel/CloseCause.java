package io.culvert.api.tunnel;

import java.util.Objects;

/**
 * Why a session ended: in full for the log, and in a poorer text for the peer.
 *
 * @param kind what is counted
 * @param logText for the operator; names no key or password
 * @param peerText for the peer, may be empty; tells a stranger nothing about the inside
 */
public record CloseCause(Kind kind, String logText, String peerText) {
    /** Each is a counter in the status. */
    public enum Kind {
        /** The peer said good-bye. */
        PEER_EXIT,
        /** Nothing authentic was heard from the peer for the configured time. */
        PEER_SILENT,
        /** The handshake did not complete in time. */
        HANDSHAKE_TIMEOUT,
        /** TLS failed: certificate, version, suite. */
        TLS_FAILED,
        /** The authenticator, the certificate check or an admission rule refused. */
        REFUSED,
        /** The peer broke the protocol. */
        PROTOCOL_ERROR,
        /** No cipher, or another option, in common. */
        NEGOTIATION_FAILED,
        /** A newer session of the same peer takes its place. */
        REPLACED,
        /** The user, profile or certificate was revoked or disabled. */
        REVOKED,
        /** An operator ended the session. */
        KILLED,
        /** The connection under a stream link ended. */
        LINK_CLOSED,
        /** A limit was reached: sessions, addresses, memory. */
        OVERLOAD,
        /** The process stops and takes its sessions with it. */
        SHUTDOWN,
        /** A record could not be thawed. */
        HANDOVER_FAILED,
        /** An exception in our code. */
        INTERNAL_ERROR
    }

    public CloseCause {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(logText, "logText");
        Objects.requireNonNull(peerText, "peerText");
    }

    /** A cause of which the peer is told nothing. */
    public static CloseCause silently(Kind kind, String logText) {
        return new CloseCause(kind, logText, "");
    }
}
