package io.culvert.core.tun;

import static io.culvert.core.tun.NetlinkMessage.NLM_F_CREATE;
import static io.culvert.core.tun.NetlinkMessage.NLM_F_EXCL;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.api.network.Prefix;
import io.culvert.core.host.HostException;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Interfaces, addresses and routes of the kernel (rtnetlink(7)). Each call returns when the kernel has done it; a
 * failure carries errno and what the kernel says beside it.
 *
 * <p>Threads: any, one request at a time. Calls block for the moment that the kernel needs.
 */
public final class Netlink implements AutoCloseable {
    private static final int NETLINK_ROUTE = 0;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;

    private static final int RTM_NEWLINK = 16;
    private static final int RTM_NEWADDR = 20;
    private static final int RTM_NEWROUTE = 24;
    private static final int RTM_DELROUTE = 25;
    private static final int IFF_UP = 1;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_TXQLEN = 13;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_F_NODAD = 2;
    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RT_TABLE_MAIN = 254;
    private static final int RTPROT_STATIC = 4;
    private static final int RT_SCOPE_UNIVERSE = 0;
    private static final int RT_SCOPE_LINK = 253;
    private static final int RTN_UNICAST = 1;
    private static final int ESRCH = 3;

    private static final int ANSWER_BYTES = 8192;
    private static final long ANSWER_TIMEOUT_S = 5;

    private final Libc libc;
    private final int fd;
    private int sequence;
    private boolean closed;

    private Netlink(Libc libc, int fd) {
        this.libc = libc;
        this.fd = fd;
    }

    public static Netlink open(Libc libc) throws NativeException {
        int fd = libc.socket(Linux.AF_NETLINK, Linux.SOCK_RAW | Linux.SOCK_CLOEXEC, NETLINK_ROUTE);
        try (var arena = Arena.ofConfined()) {
            MemorySegment timeout = arena.allocate(16, 8);
            timeout.set(JAVA_LONG, 0, ANSWER_TIMEOUT_S);
            libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_RCVTIMEO, timeout, 16);
            libc.setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
            libc.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
            return new Netlink(libc, fd);
        } catch (NativeException | RuntimeException | Error e) {
            libc.closeQuietly(fd);
            throw e;
        }
    }

    /** Sets the interface's MTU, in bytes, and brings it up. */
    public synchronized void up(String name, int mtu) throws IOException {
        var message = new NetlinkMessage(RTM_NEWLINK, 0, ++sequence)
                .u8(Linux.AF_UNSPEC).u8(0).u16(0)
                .u32(libc.if_nametoindex(name))
                .u32(IFF_UP)
                .u32(IFF_UP)
                .attribute(IFLA_MTU, mtu);
        ask("set " + name + " up with mtu " + mtu, message);
    }

    /**
     * Sets how many packets wait in each queue of the interface. For an interface that is not up: the kernel drops what
     * comes to one that is, for some tens of milliseconds.
     */
    public synchronized void queueLength(String name, int packets) throws IOException {
        ask("set the queue of " + name + " to " + packets + " packets", link(name).attribute(IFLA_TXQLEN, packets));
    }

    /** Gives an Ethernet interface its own 6-byte address. */
    public synchronized void hardwareAddress(String name, byte[] address) throws IOException {
        ask("set the hardware address of " + name, link(name).attribute(IFLA_ADDRESS, address));
    }

    /** Makes the interface a port of a bridge. */
    public synchronized void enslave(String name, String bridge) throws IOException {
        ask("add " + name + " to bridge " + bridge, link(name).attribute(IFLA_MASTER, libc.if_nametoindex(bridge)));
    }

    /** A change of the interface that leaves its flags alone. */
    private NetlinkMessage link(String name) throws NativeException {
        return new NetlinkMessage(RTM_NEWLINK, 0, ++sequence)
                .u8(Linux.AF_UNSPEC).u8(0).u16(0)
                .u32(libc.if_nametoindex(name))
                .u32(0)
                .u32(0);
    }

    /**
     * Gives the interface an address, and with it a route to the prefix that it lies in. An IPv6 address may be used at
     * once, without duplicate detection: nobody else is on a TUN.
     */
    public synchronized void addAddress(String name, InetAddress address, int prefixLength) throws IOException {
        byte[] bytes = address.getAddress();
        var message = new NetlinkMessage(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, ++sequence)
                .u8(family(address)).u8(prefixLength).u8(IFA_F_NODAD).u8(RT_SCOPE_UNIVERSE)
                .u32(libc.if_nametoindex(name))
                .attribute(IFA_LOCAL, bytes)
                .attribute(IFA_ADDRESS, bytes);
        String what = "add address " + address.getHostAddress() + "/" + prefixLength + " to " + name;
        try {
            ask(what, message);
        } catch (NativeException e) {
            if (bytes.length == 16 && e.errno() == Errno.EACCES) {
                throw new HostException(
                        "IPv6 is disabled on the host: " + e.getMessage(),
                        "set net.ipv6.conf.all.disable_ipv6 and net.ipv6.conf.default.disable_ipv6 to 0, "
                                + "or remove core.ipv6 from the configuration",
                        e);
            }
            throw e;
        }
    }

    /** Routes the prefix to the interface, in the main table; EEXIST when it leads somewhere already. */
    public synchronized void addRoute(String name, Prefix prefix) throws IOException {
        ask("add route " + prefix + " to " + name, route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, name, prefix));
    }

    /**
     * Removes the route that {@link #addRoute} made.
     *
     * @return false when there was none
     */
    public synchronized boolean deleteRoute(String name, Prefix prefix) throws IOException {
        try {
            ask("delete route " + prefix + " to " + name, route(RTM_DELROUTE, 0, name, prefix));
            return true;
        } catch (NativeException e) {
            if (e.errno() == ESRCH) {
                return false;
            }
            throw e;
        }
    }

    private NetlinkMessage route(int type, int flags, String name, Prefix prefix) throws NativeException {
        boolean ipv4 = prefix.address() instanceof Inet4Address;
        return new NetlinkMessage(type, flags, ++sequence)
                .u8(family(prefix.address())).u8(prefix.length()).u8(0).u8(0)
                .u8(RT_TABLE_MAIN).u8(RTPROT_STATIC).u8(ipv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE).u8(RTN_UNICAST)
                .u32(0)
                .attribute(RTA_DST, prefix.address().getAddress())
                .attribute(RTA_OIF, libc.if_nametoindex(name));
    }

    private static int family(InetAddress address) {
        return address instanceof Inet4Address ? Linux.AF_INET : Linux.AF_INET6;
    }

    private void ask(String what, NetlinkMessage message) throws IOException {
        byte[] request = message.bytes();
        try (var arena = Arena.ofConfined()) {
            check(what, libc.send(fd, arena.allocateFrom(JAVA_BYTE, request), 0, request.length, 0));
            MemorySegment room = arena.allocate(ANSWER_BYTES);
            while (true) {
                int length = libc.recv(fd, room, 0, ANSWER_BYTES, 0);
                if (length == -Errno.EINTR) {
                    continue;
                }
                check(what, length);
                byte[] received = room.asSlice(0, length).toArray(JAVA_BYTE);
                // An answer to an earlier request that timed out may still be there: only ours ends the wait.
                Optional<NetlinkAnswer> answer = NetlinkAnswer.find(received, sequence);
                if (answer.isPresent()) {
                    judge(what, answer.get());
                    return;
                }
            }
        }
    }

    private static void check(String what, int result) throws NativeException {
        if (result < 0) {
            throw new NativeException("rtnetlink: " + what, -result);
        }
    }

    private static void judge(String what, NetlinkAnswer answer) throws NativeException {
        if (answer.errno() != 0) {
            String said = answer.text().isEmpty() ? "" : " (" + answer.text() + ")";
            throw new NativeException("rtnetlink: " + what + said, answer.errno());
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            libc.closeQuietly(fd);
        }
    }
}
