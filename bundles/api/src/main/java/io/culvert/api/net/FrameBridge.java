package io.culvert.api.net;

import io.culvert.api.packet.PacketBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Says where frames go. Core owns the ports, and carries each frame to where the bridge says; it copies those that leave
 * through several ports.
 *
 * <p>Threads: one packet loop, but for {@link #stations}; no method blocks or allocates per frame. Buffers: the frame
 * stays the caller's, and is not changed. Errors: a bad frame is answered with {@link #MALFORMED}, never with an
 * exception. Time: {@code nowNs} is monotonic, in nanoseconds, and never runs backwards.
 */
@ConsumerType
public interface FrameBridge {
    /** The appliance's own port: its TAP. Sessions have those from 1 on. */
    int TAP = 0;

    /** Through every port but the one of arrival. */
    int FLOOD = -1;

    /** Nowhere: the frame is shorter than its header, or its source is no station's address. */
    int MALFORMED = -2;

    /** Nowhere: it is not for beyond this bridge, or its destination is where it came from. */
    int FILTERED = -3;

    /** Nowhere: its port has as many stations as it may have, and the source is not among them. */
    int ADDRESS_LIMIT = -4;

    /** Nowhere: it claims to be from the appliance itself. */
    int SPOOFED = -5;

    /** The appliance itself has this station address, 48 bits: it is behind {@link #TAP}, and nowhere else. */
    void own(long address);

    /**
     * Learns where the frame's source is, and says where the frame goes.
     *
     * @param frame from the destination address on, without preamble and frame check sequence
     * @param port that it came through
     * @return the port that it leaves through, or one of the constants above
     */
    int forward(PacketBuffer frame, int port, long nowNs);

    /** The port is gone: what was learned of it is forgotten. Its number may come again for another. */
    void portClosed(int port);

    /** How many stations are known; roughly true on other threads. */
    int stations();
}
