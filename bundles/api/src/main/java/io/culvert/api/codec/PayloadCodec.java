package io.culvert.api.codec;

import io.culvert.api.packet.PacketBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/** A way of coding payloads. Implemented by codec bundles; any thread asks, none blocks. */
@ConsumerType
public interface PayloadCodec {
    /** The codec's name for settings and negotiation: {@code lz4}, {@code stub}. */
    String name();

    /** A coder for one packet loop, with the memory that it works in. */
    Coder newCoder();

    /**
     * Codes packets in place. Confined to one packet loop; no method blocks, allocates after its first packets, or keeps
     * the packet. Errors are answers, never exceptions.
     */
    interface Coder {
        /** Makes {@code packet} shorter by at least {@code gain} bytes, or leaves it as it is and answers false. */
        boolean encode(PacketBuffer packet, int gain);

        /**
         * Makes {@code packet} what it was. False when it is garbled or does not fit the buffer behind its offset; its
         * content is undefined then.
         */
        boolean decode(PacketBuffer packet);
    }
}
