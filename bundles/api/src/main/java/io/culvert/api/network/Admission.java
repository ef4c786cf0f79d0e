package io.culvert.api.network;

import io.culvert.api.tunnel.CloseCause;

/** Whether an authenticated peer gets a place in the network. */
public sealed interface Admission {
    /** The peer's addresses, reserved for it until the session closes, and what it is told of the network. */
    record Granted(TunnelAddresses addresses, NetworkSettings network) implements Admission {}

    /** No place: revoked, disabled, no address left, too many sessions. */
    record Refused(CloseCause cause) implements Admission {}
}
