package io.culvert.core.link;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** IP addresses as two big-endian 64-bit words; IPv4 in its mapped form (RFC 4291, section 2.5.5.2). */
public final class IpAddress {
    private static final long MAPPED = 0xffff_0000_0000L;
    private static final long MAPPED_MASK = 0xffff_ffff_0000_0000L;

    private IpAddress() {}

    public static long high(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4 ? 0 : ByteBuffer.wrap(bytes).getLong(0);
    }

    public static long low(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == 4
                ? mapped(ByteBuffer.wrap(bytes).getInt(0))
                : ByteBuffer.wrap(bytes).getLong(8);
    }

    public static long mapped(int ipv4) {
        return MAPPED | ipv4 & 0xffff_ffffL;
    }

    public static boolean isMapped(long high, long low) {
        return high == 0 && (low & MAPPED_MASK) == MAPPED;
    }

    public static InetAddress of(long high, long low) {
        byte[] bytes = isMapped(high, low)
                ? ByteBuffer.allocate(4).putInt((int) low).array()
                : ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
