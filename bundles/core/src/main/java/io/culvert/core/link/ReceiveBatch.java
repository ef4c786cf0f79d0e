package io.culvert.core.link;

import static io.culvert.core.link.MessageLayout.CONTROL_HEADER;
import static io.culvert.core.link.MessageLayout.CONTROL_LENGTH;
import static io.culvert.core.link.MessageLayout.MESSAGE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.core.libc.Linux;
import io.culvert.core.libc.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What recvmmsg(2) fills: slots that each take the largest message, which with UDP_GRO is several datagrams of one
 * sender in a row. Shared by the sockets of a loop, as it is emptied before the next one is read.
 */
final class ReceiveBatch {
    static final int SLOTS = 32;
    private static final int SLOT_BYTES = 65_535;

    /** No power of two, so that the beginnings of the slots do not compete for the same lines of the cache. */
    private static final int STRIDE = (64 << 10) + 26 * 64;

    private static final int NAME = 32;
    private static final int CONTROL = 128;

    final MemorySegment messages;
    final MemorySegment slots;
    private final MemorySegment names;
    private final MemorySegment controls;

    /** Of the message that {@link #open} was called for: the local address that it came to. */
    private long localHigh;

    private long localLow;
    private int segmentBytes;

    ReceiveBatch() {
        Arena arena = Arena.ofAuto();
        messages = arena.allocate((long) SLOTS * MESSAGE, 64);
        names = arena.allocate((long) SLOTS * NAME, 64);
        controls = arena.allocate((long) SLOTS * CONTROL, 64);
        slots = Pages.allocate((long) SLOTS * STRIDE);
        MemorySegment iovecs = arena.allocate((long) SLOTS * MessageLayout.IOVEC, 64);
        for (int i = 0; i < SLOTS; i++) {
            long at = (long) i * MESSAGE;
            messages.set(JAVA_LONG, at + MessageLayout.NAME_POINTER, names.address() + (long) i * NAME);
            messages.set(
                    JAVA_LONG,
                    at + MessageLayout.IOVEC_POINTER,
                    iovecs.address() + (long) i * MessageLayout.IOVEC);
            messages.set(JAVA_LONG, at + MessageLayout.IOVEC_COUNT, 1);
            messages.set(JAVA_LONG, at + MessageLayout.CONTROL_POINTER, controls.address() + (long) i * CONTROL);
            MessageLayout.iovec(iovecs, i, slots.address() + offset(i), SLOT_BYTES);
        }
    }

    /** Before a receive: what the kernel wrote into the headers is undone. */
    void expect(int count) {
        for (int i = 0; i < count; i++) {
            long at = (long) i * MESSAGE;
            messages.set(JAVA_INT, at + MessageLayout.NAME_LENGTH, SocketAddress.BYTES);
            messages.set(JAVA_LONG, at + CONTROL_LENGTH, CONTROL);
            messages.set(JAVA_INT, at + MessageLayout.FLAGS, 0);
        }
    }

    /** Of the message's first byte in {@link #slots}. */
    static long offset(int i) {
        return (long) i * STRIDE;
    }

    /** Of all its datagrams together. */
    int length(int i) {
        return messages.get(JAVA_INT, (long) i * MESSAGE + MessageLayout.LENGTH);
    }

    boolean truncated(int i) {
        return (messages.get(JAVA_INT, (long) i * MESSAGE + MessageLayout.FLAGS) & Linux.MSG_TRUNC) != 0;
    }

    /** Reads what the kernel says beside the message. */
    void open(int i) {
        localHigh = 0;
        localLow = 0;
        segmentBytes = 0;
        long at = (long) i * CONTROL;
        long end = at + Math.min(CONTROL, messages.get(JAVA_LONG, (long) i * MESSAGE + CONTROL_LENGTH));
        while (end - at > CONTROL_HEADER) {
            long length = controls.get(JAVA_LONG, at);
            if (length <= CONTROL_HEADER || length > end - at) {
                return;
            }
            read(controls.get(JAVA_INT, at + 8), controls.get(JAVA_INT, at + 12), at + CONTROL_HEADER);
            at += MessageLayout.aligned((int) length);
        }
    }

    private void read(int level, int type, long data) {
        if (level == Linux.IPPROTO_UDP && type == Linux.UDP_GRO) {
            segmentBytes = controls.get(JAVA_INT, data);
        } else if (level == Linux.IPPROTO_IPV6 && type == Linux.IPV6_PKTINFO) {
            localHigh = controls.get(SocketAddress.LONG_BE, data);
            localLow = controls.get(SocketAddress.LONG_BE, data + 8);
        } else if (level == Linux.IPPROTO_IP && type == Linux.IP_PKTINFO) {
            localLow = IpAddress.mapped(controls.get(SocketAddress.INT_BE, data + 4)); // ipi_spec_dst
        }
    }

    /** Of each datagram but the last of the opened message; 0 when the message is one datagram. */
    int segmentBytes() {
        return segmentBytes;
    }

    /** Whom the opened message came from; {@code last} is looked at before the table is. */
    LinkEndpoint sender(
            int i, EndpointTable endpoints, Link link, int localPort, int listener, @Nullable LinkEndpoint last) {
        long name = (long) i * NAME;
        long high = SocketAddress.high(names, name);
        long low = SocketAddress.low(names, name);
        int port = SocketAddress.port(names, name);
        int scope = SocketAddress.scope(names, name);
        if (last != null && last.matches(link, high, low, port, scope, localHigh, localLow)) {
            return last;
        }
        return endpoints.find(link, high, low, port, scope, localHigh, localLow, localPort, listener);
    }
}
