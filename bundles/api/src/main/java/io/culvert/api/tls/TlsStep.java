package io.culvert.api.tls;

import java.util.List;

/**
 * What a step of a TLS engine gave.
 *
 * @param toPeer TLS bytes for the peer, in order; may be empty
 * @param messages plaintext from the peer, one element per TLS record
 * @param closed the peer has sent close_notify
 */
public record TlsStep(byte[] toPeer, List<byte[]> messages, boolean closed) {
    @Override
    public String toString() {
        return "TlsStep[toPeer=" + toPeer.length + " bytes, messages=" + messages.size() + ", closed=" + closed + "]";
    }
}
