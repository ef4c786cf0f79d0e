package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** Where the fields are: struct mmsghdr, iovec and cmsghdr on 64-bit Linux (recvmmsg(2), cmsg(3)). */
final class MessageLayout {
    static final int MESSAGE = 64;
    static final int NAME_POINTER = 0;
    static final int NAME_LENGTH = 8;
    static final int IOVEC_POINTER = 16;
    static final int IOVEC_COUNT = 24;
    static final int CONTROL_POINTER = 32;
    static final int CONTROL_LENGTH = 40;
    static final int FLAGS = 48;
    static final int LENGTH = 56;

    static final int IOVEC = 16;

    /** Of one control message; its data follows, and the next one starts at a multiple of 8. */
    static final int CONTROL_HEADER = 16;

    private MessageLayout() {}

    static void iovec(MemorySegment iovecs, int i, long address, int length) {
        iovecs.set(JAVA_LONG, (long) i * IOVEC, address);
        iovecs.set(JAVA_LONG, (long) i * IOVEC + 8, length);
    }

    /** Returns the length with padding. */
    static int controlHeader(MemorySegment controls, long at, int dataBytes, int level, int type) {
        controls.set(JAVA_LONG, at, CONTROL_HEADER + dataBytes);
        controls.set(JAVA_INT, at + 8, level);
        controls.set(JAVA_INT, at + 12, type);
        return aligned(CONTROL_HEADER + dataBytes);
    }

    static int aligned(int length) {
        return length + 7 & ~7;
    }
}
