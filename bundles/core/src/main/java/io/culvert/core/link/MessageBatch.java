package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.core.libc.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array of struct mmsghdr with one iovec, one address and one control message each (recvmmsg(2), cmsg(3)). */
final class MessageBatch {
    private static final int MESSAGE = 64;
    private static final int MESSAGE_LENGTH = 56;
    private static final int NAME = 32;
    private static final int CONTROL = 64;
    private static final int IOVEC = 16;
    private static final int CMSG_DATA = 16;

    final MemorySegment messages;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment iovecs;
    private final int family;

    MessageBatch(int size, int family) {
        this.family = family;
        Arena arena = Arena.ofAuto();
        messages = arena.allocate((long) size * MESSAGE, 8);
        names = arena.allocate((long) size * NAME, 8);
        controls = arena.allocate((long) size * CONTROL, 8);
        iovecs = arena.allocate((long) size * IOVEC, 8);
        for (int i = 0; i < size; i++) {
            long at = (long) i * MESSAGE;
            messages.set(JAVA_LONG, at, names.address() + (long) i * NAME);
            messages.set(JAVA_LONG, at + 16, iovecs.address() + (long) i * IOVEC);
            messages.set(JAVA_LONG, at + 24, 1);
            messages.set(JAVA_LONG, at + 32, controls.address() + (long) i * CONTROL);
        }
    }

    void payload(int i, long address, int length) {
        iovecs.set(JAVA_LONG, (long) i * IOVEC, address);
        iovecs.set(JAVA_LONG, (long) i * IOVEC + 8, length);
    }

    /** Before a receive: what the kernel wrote into the last one's header is undone. */
    void expect(int i) {
        long at = (long) i * MESSAGE;
        messages.set(JAVA_INT, at + 8, SocketAddress.BYTES);
        messages.set(JAVA_LONG, at + 40, CONTROL);
        messages.set(JAVA_INT, at + 48, 0);
    }

    int length(int i) {
        return messages.get(JAVA_INT, (long) i * MESSAGE + MESSAGE_LENGTH);
    }

    boolean truncated(int i) {
        return (messages.get(JAVA_INT, (long) i * MESSAGE + 48) & Linux.MSG_TRUNC) != 0;
    }

    LinkEndpoint sender(int i, EndpointTable endpoints, Link link, int localPort, int listener) {
        long name = (long) i * NAME;
        long local = (long) i * CONTROL + CMSG_DATA;
        boolean known = messages.get(JAVA_LONG, (long) i * MESSAGE + 40) > CMSG_DATA;
        long localHigh = 0;
        long localLow = 0;
        if (known && family == Linux.AF_INET6) {
            localHigh = controls.get(SocketAddress.LONG_BE, local);
            localLow = controls.get(SocketAddress.LONG_BE, local + 8);
        } else if (known) {
            localLow = IpAddress.mapped(controls.get(SocketAddress.INT_BE, local + 4)); // ipi_spec_dst
        }
        return endpoints.find(
                link,
                SocketAddress.high(names, name),
                SocketAddress.low(names, name),
                SocketAddress.port(names, name),
                SocketAddress.scope(names, name),
                localHigh,
                localLow,
                localPort,
                listener);
    }

    /** Sends to {@code to} from the address that it sent to. */
    void address(int i, LinkEndpoint to) {
        long at = (long) i * MESSAGE;
        int length = SocketAddress.write(
                names, (long) i * NAME, family, to.remoteHigh, to.remoteLow, to.remotePort, to.scope);
        messages.set(JAVA_INT, at + 8, length);
        messages.set(JAVA_INT, at + 48, 0);
        if (to.localHigh == 0 && (to.localLow == 0 || to.localLow == IpAddress.mapped(0))) {
            messages.set(JAVA_LONG, at + 40, 0);
            return;
        }
        long control = (long) i * CONTROL;
        long data = control + CMSG_DATA;
        if (family == Linux.AF_INET6) {
            header(control, CMSG_DATA + 20, Linux.IPPROTO_IPV6, Linux.IPV6_PKTINFO);
            controls.set(SocketAddress.LONG_BE, data, to.localHigh);
            controls.set(SocketAddress.LONG_BE, data + 8, to.localLow);
            controls.set(JAVA_INT, data + 16, to.scope);
            messages.set(JAVA_LONG, at + 40, CMSG_DATA + 24L);
        } else {
            header(control, CMSG_DATA + 12, Linux.IPPROTO_IP, Linux.IP_PKTINFO);
            controls.set(JAVA_INT, data, 0);
            controls.set(SocketAddress.INT_BE, data + 4, (int) to.localLow);
            controls.set(JAVA_INT, data + 8, 0);
            messages.set(JAVA_LONG, at + 40, CMSG_DATA + 16L);
        }
    }

    private void header(long control, long length, int level, int type) {
        controls.set(JAVA_LONG, control, length);
        controls.set(JAVA_INT, control + 8, level);
        controls.set(JAVA_INT, control + 12, type);
    }
}
