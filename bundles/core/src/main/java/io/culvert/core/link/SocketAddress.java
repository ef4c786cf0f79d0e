package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.culvert.core.libc.Linux;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)), addresses as {@link IpAddress} words. */
final class SocketAddress {
    /** Room for either. */
    static final int BYTES = 28;

    static final ValueLayout.OfLong LONG_BE = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    static final ValueLayout.OfInt INT_BE = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT_BE = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int IN_BYTES = 16;

    private SocketAddress() {}

    /** Returns the length of what was written. */
    static int write(MemorySegment memory, long at, int family, long high, long low, int port, int scope) {
        memory.set(JAVA_SHORT_UNALIGNED, at, (short) family);
        memory.set(SHORT_BE, at + 2, (short) port);
        if (family == Linux.AF_INET) {
            memory.set(INT_BE, at + 4, (int) low);
            memory.set(LONG_BE, at + 8, 0);
            return IN_BYTES;
        }
        memory.set(INT_BE, at + 4, 0);
        memory.set(LONG_BE, at + 8, high);
        memory.set(LONG_BE, at + 16, low);
        memory.set(JAVA_INT_UNALIGNED, at + 24, scope);
        return BYTES;
    }

    static boolean isInet(MemorySegment memory, long at) {
        return memory.get(JAVA_BYTE, at) == Linux.AF_INET;
    }

    static int port(MemorySegment memory, long at) {
        return memory.get(SHORT_BE, at + 2) & 0xffff;
    }

    static long high(MemorySegment memory, long at) {
        return isInet(memory, at) ? 0 : memory.get(LONG_BE, at + 8);
    }

    static long low(MemorySegment memory, long at) {
        return isInet(memory, at) ? IpAddress.mapped(memory.get(INT_BE, at + 4)) : memory.get(LONG_BE, at + 16);
    }

    static int scope(MemorySegment memory, long at) {
        return isInet(memory, at) ? 0 : memory.get(JAVA_INT_UNALIGNED, at + 24);
    }
}
