package io.culvert.core.bus;

/**
 * How the packet bus works.
 *
 * @param buffers in the pool of a loop
 * @param mtu of the TUN, in bytes
 * @param clientToClient whether a client's packet may go to another client; else it is dropped
 */
public record BusSettings(int buffers, int mtu, boolean clientToClient) {
    /** About 10 MB at the usual MTU. */
    public static final int DEFAULT_BUFFERS = 4096;
}
