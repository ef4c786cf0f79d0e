package io.culvert.api.packet;

/** Why a packet ended before its destination. Each is a counter in the status. */
public enum DropReason {
    /** The packet is shorter than its header, or a field has a value that the specification forbids. */
    MALFORMED,
    /** An opcode, version or ether type that nobody handles. */
    UNSUPPORTED,
    /** A datagram that belongs to no session and may not start one. */
    UNKNOWN_SESSION,
    /** A first packet whose wrapping does not authenticate. */
    BAD_WRAPPING,
    /** A handshake packet without a valid, fresh cookie. */
    BAD_COOKIE,
    /** More first packets than the limit allows. */
    RATE_LIMITED,
    /** The AEAD tag or HMAC of a packet of a session is wrong. */
    BAD_TAG,
    /** The packet-id was seen before, or lies behind the replay window. */
    REPLAYED,
    /** The packet names a key that the session does not have. */
    NO_KEY,
    /** The session may not carry traffic yet. */
    NOT_ESTABLISHED,
    /** No packet-id is left in the durable reservation. */
    RESERVATION_EXHAUSTED,
    /** The inner source address is not the sender's. */
    SOURCE_ADDRESS,
    /** No session or route takes the inner destination. */
    NO_ROUTE,
    /** A frame that a bridge may not forward: a reserved destination, or one that is where it came from. */
    FILTERED,
    /** A frame from one more source address than its port may have. */
    ADDRESS_LIMIT,
    /** A hop limit that reached zero between clients. */
    HOP_LIMIT,
    /** The packet is longer than the next stage can carry. */
    TOO_BIG,
    /** The buffer pool is exhausted. */
    POOL_EXHAUSTED,
    /** A bounded queue is full. */
    QUEUE_FULL,
    /** The link refused the datagram: the remote is unreachable, the connection is gone. */
    LINK_ERROR,
    /** The TUN refused the packet. */
    TUN_ERROR,
    /** The session is closing, or the process stops. */
    CLOSING
}
