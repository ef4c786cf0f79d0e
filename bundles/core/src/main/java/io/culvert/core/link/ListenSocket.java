package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;

/**
 * A bound, non-blocking socket.
 *
 * @param family AF_INET6, which carries IPv4 in mapped form too; AF_INET for an IPv4 address, or without IPv6
 * @param port as it was bound
 */
record ListenSocket(int fd, int family, int port) {
    private static final int BUFFER_BYTES = 4 << 20;

    /** As the kernel counts, a datagram of 1,500 bytes takes up to 2,304: 100 ms of some Gbit/s. */
    private static final int PAUSE_BYTES = 128 << 20;

    private static final int BACKLOG = 256;

    /**
     * @throws IOException with one clear line that names address, port, cause and remedy
     */
    static ListenSocket open(Libc libc, ListenerClaim claim, Listener.Group group) throws IOException {
        return open(libc, claim, group.index() == 0 ? 0 : group.port(), group.count() > 1);
    }

    /**
     * Opens the socket of a group.
     *
     * @param shared the port that the group has, or 0 for the group's first socket
     * @param others whether more sockets of the group follow
     * @throws IOException with one clear line that names address, port, cause and remedy
     */
    static ListenSocket open(Libc libc, ListenerClaim claim, int shared, boolean others) throws IOException {
        if (claim.address().isUnresolved()) {
            throw new IOException(describe(claim) + ": the address is a name; configure an IP address");
        }
        try {
            return openSocket(libc, claim, shared, others);
        } catch (NativeException e) {
            throw new IOException(
                    describe(claim) + ": " + Errno.describe(e.errno()) + "; " + remedy(claim, e.errno()), e);
        }
    }

    /** A socket that {@link #open} made in an earlier core. */
    static ListenSocket adopt(Libc libc, int fd) throws NativeException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(SocketAddress.BYTES, 8);
            libc.getsockname(fd, name, arena.allocateFrom(JAVA_INT, SocketAddress.BYTES));
            int family = SocketAddress.isInet(name, 0) ? Linux.AF_INET : Linux.AF_INET6;
            return new ListenSocket(fd, family, SocketAddress.port(name, 0));
        }
    }

    /** Lets so much more wait while nobody reads, or again as much as usual; only a wish. */
    void room(Libc libc, boolean much) {
        try {
            buffer(libc, fd, Linux.SO_RCVBUFFORCE, Linux.SO_RCVBUF, much ? PAUSE_BYTES : BUFFER_BYTES);
        } catch (NativeException e) {
            // Then as much as there is room for.
        }
    }

    private static ListenSocket openSocket(Libc libc, ListenerClaim claim, int shared, boolean others)
            throws NativeException {
        boolean stream = claim.transport().isStream();
        int type = (stream ? Linux.SOCK_STREAM : Linux.SOCK_DGRAM) | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC;
        InetAddress address = claim.address().getAddress();
        int family = address instanceof Inet4Address ? Linux.AF_INET : Linux.AF_INET6;
        int fd;
        try {
            fd = libc.socket(family, type, 0);
        } catch (NativeException e) {
            if (e.errno() != Errno.EAFNOSUPPORT || !address.isAnyLocalAddress()) {
                throw e;
            }
            family = Linux.AF_INET; // a kernel without IPv6: the wildcard still means every address there is
            fd = libc.socket(family, type, 0);
        }
        try (var arena = Arena.ofConfined()) {
            if (family == Linux.AF_INET6) {
                libc.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_V6ONLY, 0);
            }
            if (stream) {
                libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
            } else {
                prepareDatagrams(libc, fd, family);
            }
            int port = shared == 0 ? claim.address().getPort() : shared;
            if (shared != 0) {
                libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEPORT, 1);
            }
            MemorySegment name = arena.allocate(SocketAddress.BYTES, 8);
            int length = SocketAddress.write(
                    name, 0, family, IpAddress.high(address), IpAddress.low(address), port, 0);
            libc.bind(fd, name, length);
            if (shared == 0 && others) {
                // Not before: the port would be shared with whoever else shares it.
                libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_REUSEPORT, 1);
            }
            if (stream) {
                libc.listen(fd, BACKLOG);
            }
            libc.getsockname(fd, name, arena.allocateFrom(JAVA_INT, SocketAddress.BYTES));
            return new ListenSocket(fd, family, SocketAddress.port(name, 0));
        } catch (NativeException e) {
            libc.closeQuietly(fd);
            throw e;
        }
    }

    private static void prepareDatagrams(Libc libc, int fd, int family) throws NativeException {
        if (family == Linux.AF_INET6) {
            libc.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_RECVPKTINFO, 1);
            libc.setsockopt(fd, Linux.IPPROTO_IPV6, Linux.IPV6_MTU_DISCOVER, Linux.IP_PMTUDISC_DONT);
        } else {
            libc.setsockopt(fd, Linux.IPPROTO_IP, Linux.IP_PKTINFO, 1);
        }
        // Outer datagrams may be fragmented on the way: a lost ICMP message must not make a black hole.
        libc.setsockopt(fd, Linux.IPPROTO_IP, Linux.IP_MTU_DISCOVER, Linux.IP_PMTUDISC_DONT);
        try {
            libc.setsockopt(fd, Linux.IPPROTO_UDP, Linux.UDP_GRO, 1);
        } catch (NativeException e) {
            // Then each message is one datagram.
        }
        buffer(libc, fd, Linux.SO_RCVBUFFORCE, Linux.SO_RCVBUF, BUFFER_BYTES);
        buffer(libc, fd, Linux.SO_SNDBUFFORCE, Linux.SO_SNDBUF, BUFFER_BYTES);
    }

    private static void buffer(Libc libc, int fd, int forced, int plain, int bytes) throws NativeException {
        try {
            libc.setsockopt(fd, Linux.SOL_SOCKET, forced, bytes);
        } catch (NativeException e) {
            libc.setsockopt(fd, Linux.SOL_SOCKET, plain, bytes); // the kernel cuts it to what is allowed
        }
    }

    static String describe(ListenerClaim claim) {
        var address = claim.address();
        InetAddress ip = address.getAddress();
        String host = ip == null ? address.getHostString() : ip.getHostAddress();
        if (ip instanceof Inet6Address && ip.isAnyLocalAddress()) {
            host = "::";
        }
        return claim.transport().name().toLowerCase(Locale.ROOT) + " " + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static String remedy(ListenerClaim claim, int errno) {
        int port = claim.address().getPort();
        return switch (errno) {
            case Errno.EADDRINUSE -> "stop the program that has the port ('ss -"
                    + (claim.transport() == Transport.UDP ? "lunp" : "ltnp") + " sport = :" + port
                    + "' names it), or configure another port";
            case Errno.EADDRNOTAVAIL -> "configure an address that this host has ('ip address' lists them), or ::";
            case Errno.EACCES, Errno.EPERM -> "ports below 1024 need root or CAP_NET_BIND_SERVICE";
            case Errno.EAFNOSUPPORT -> "this kernel has no IPv6: configure an IPv4 address";
            case Errno.EMFILE, Errno.ENFILE -> "raise the limit of open files (LimitNOFILE)";
            default -> "check the configured address and port";
        };
    }
}
