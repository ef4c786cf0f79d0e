package io.culvert.api.status;

/**
 * What a protocol tells of one session.
 *
 * @param state the protocol's word for where the session stands
 * @param cipher of the data channel, empty before there is one
 * @param control of the control channel: TLS version and suite; empty before, and after a hand-over until it is rebuilt
 * @param client what the client calls itself; empty when it does not say
 */
public record TunnelStatus(String state, String cipher, String control, String client) {}
