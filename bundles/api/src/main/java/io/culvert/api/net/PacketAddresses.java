package io.culvert.api.net;

/**
 * Source and destination of the packet that was read last, as two 64-bit big-endian halves each. An IPv4 address is
 * mapped (RFC 4291 section 2.5.5.2): high 0, low {@code ffff:a.b.c.d}. One for each packet loop, filled for each packet.
 */
public final class PacketAddresses {
    private static final long MAPPED = 0xFFFF_0000_0000L;

    private long sourceHigh;
    private long sourceLow;
    private long destinationHigh;
    private long destinationLow;

    public void set(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow) {
        this.sourceHigh = sourceHigh;
        this.sourceLow = sourceLow;
        this.destinationHigh = destinationHigh;
        this.destinationLow = destinationLow;
    }

    /** IPv4 addresses, 32 bits each. */
    public void setMapped(int source, int destination) {
        set(0, MAPPED | source & 0xFFFF_FFFFL, 0, MAPPED | destination & 0xFFFF_FFFFL);
    }

    public long sourceHigh() {
        return sourceHigh;
    }

    public long sourceLow() {
        return sourceLow;
    }

    public long destinationHigh() {
        return destinationHigh;
    }

    public long destinationLow() {
        return destinationLow;
    }
}
