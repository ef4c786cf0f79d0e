package io.culvert.api.tunnel;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * How a protocol cuts a byte stream into datagrams. Stateless; called by packet loops.
 *
 * <p>Core strips the header before {@link TunnelSession#onDatagram} and writes it behind {@code Outbox.toLink}.
 */
@ConsumerType
public interface StreamFraming {
    /** Length of the header before each datagram, in bytes. */
    int headerBytes();

    /**
     * Length of the datagram behind the header at {@code offset}, which is complete; -1 when no such header can exist,
     * upon which core closes the connection.
     */
    int datagramBytes(MemorySegment stream, long offset);

    /** Writes the header for a datagram of {@code lengthBytes} at {@code offset}. */
    void writeHeader(MemorySegment stream, long offset, int lengthBytes);
}
