package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/** Datagram sockets between two ports of this host, over IPv4. */
public final class Loopback {
    private Loopback() {}

    /** A socket that does not block, connected to this port of 127.0.0.1; the caller's to close. */
    public static int open(Libc libc, int port) throws NativeException {
        int fd = libc.socket(Linux.AF_INET, Linux.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        try (var arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketAddress.BYTES, 8);
            InetAddress here = InetAddress.ofLiteral("127.0.0.1");
            int length = SocketAddress.write(
                    name, 0, Linux.AF_INET, IpAddress.high(here), IpAddress.low(here), port, 0);
            int result = libc.connect(fd, name, length);
            if (result < 0) {
                libc.closeQuietly(fd);
                throw new NativeException("connect", -result);
            }
        }
        return fd;
    }

    /** The socket's own port. */
    public static int port(Libc libc, int fd) throws NativeException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketAddress.BYTES, 8);
            libc.getsockname(fd, name, arena.allocateFrom(JAVA_INT, SocketAddress.BYTES));
            return SocketAddress.port(name, 0);
        }
    }
}
