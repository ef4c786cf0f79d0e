package io.culvert.api.packet;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A packet in native memory, with headroom before it and tailroom behind it, so that encapsulation happens in place.
 *
 * <p>Ownership: a buffer has exactly one owner. Passing it to a method gives it away; whoever receives it forwards it
 * through an {@link Outbox} or gives it back with {@link Outbox#drop} or {@link Outbox#consume}, exactly once. Who
 * wants to keep the bytes copies them.
 */
@ProviderType
public interface PacketBuffer {
    /** The whole backing memory, headroom and tailroom included; the packet starts at {@link #offset}. */
    MemorySegment segment();

    /** Index in {@link #segment} of the packet's first byte. */
    int offset();

    /** The packet's length in bytes. */
    int length();

    /**
     * Moves the packet's bounds within {@link #segment}; the bytes stay where they are.
     *
     * @throws IndexOutOfBoundsException when the bounds leave the segment
     */
    void bounds(int offset, int length);

    /** Bytes that may be prepended. */
    default int headroom() {
        return offset();
    }

    /** Bytes that may be appended. */
    default int tailroom() {
        return (int) segment().byteSize() - offset() - length();
    }
}
