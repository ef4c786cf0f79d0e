package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.core.host.HostException;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Makes the descriptor of a queue: the ioctls of {@code linux/if_tun.h}. A kernel that does not know an offload refuses
 * the whole set, so that fewer are asked for until it agrees.
 *
 * @param fd not blocking, closed on exec
 * @param offloads that the kernel agreed to, for all queues of the device
 */
record TunDescriptor(int fd, Offloads offloads) {
    private static final String DEVICE = "/dev/net/tun";
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final int IFF_TUN = 0x1;
    private static final int IFF_TAP = 0x2;
    private static final int IFF_MULTI_QUEUE = 0x100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFF_TUN_EXCL = 0x8000;
    private static final int TUN_F_CSUM = 0x01;
    private static final int TUN_F_TSO4 = 0x02;
    private static final int TUN_F_TSO6 = 0x04;
    private static final int TUN_F_TSO_ECN = 0x08;
    private static final int TUN_F_USO4 = 0x20;
    private static final int TUN_F_USO6 = 0x40;

    /** {@code struct ifreq}: name at 0, flags u16 at 16. */
    private static final int IFREQ_BYTES = 40;

    private static final int IFREQ_FLAGS = 16;

    /** What may be asked for, the best first. */
    private static final Offloads[] OFFERS = {
        new Offloads(true, true, true, true),
        new Offloads(true, true, true, false),
        new Offloads(true, true, false, false),
    };

    /**
     * Makes the interface with its first queue.
     *
     * @param several whether there are going to be more
     */
    static TunDescriptor first(Libc libc, String name, boolean several) throws IOException {
        // EXCL: never share a device that someone else made, whose settings are not ours to change.
        int flags = IFF_TUN_EXCL | (several ? IFF_MULTI_QUEUE : 0);
        int fd = openDevice(libc);
        try {
            Offloads agreed = attachWithOffloads(libc, fd, name, flags);
            if (agreed.vnetHeader()) {
                return new TunDescriptor(fd, agreed);
            }
        } catch (NativeException e) {
            libc.closeQuietly(fd);
            throw explained(e, name);
        } catch (RuntimeException | Error e) {
            libc.closeQuietly(fd);
            throw e;
        }
        libc.closeQuietly(fd);
        return new TunDescriptor(attach(libc, name, flags), Offloads.NONE);
    }

    /** Attaches one more queue to what {@link #first} made for several; the offloads are the device's. */
    static int further(Libc libc, String name, boolean vnetHeader) throws IOException {
        return attach(libc, name, IFF_MULTI_QUEUE | (vnetHeader ? IFF_VNET_HDR : 0));
    }

    /** Makes an interface for Ethernet frames, with one queue and without offloads; returns its descriptor. */
    static int tap(Libc libc, String name) throws IOException {
        return attach(libc, name, IFF_TUN_EXCL, IFF_TAP);
    }

    private static int attach(Libc libc, String name, int flags) throws IOException {
        return attach(libc, name, flags, IFF_TUN);
    }

    private static int attach(Libc libc, String name, int flags, int kind) throws IOException {
        int fd = openDevice(libc);
        try {
            setInterface(libc, fd, name, flags, kind);
            return fd;
        } catch (NativeException e) {
            libc.closeQuietly(fd);
            throw explained(e, name);
        } catch (RuntimeException | Error e) {
            libc.closeQuietly(fd);
            throw e;
        }
    }

    /** {@link Offloads#NONE} when the kernel does not know the vnet header, or nothing that it is for. */
    private static Offloads attachWithOffloads(Libc libc, int fd, String name, int flags) throws NativeException {
        try {
            setInterface(libc, fd, name, flags | IFF_VNET_HDR, IFF_TUN);
        } catch (NativeException e) {
            if (e.errno() == Errno.EINVAL) {
                return Offloads.NONE;
            }
            throw e;
        }
        try (var arena = Arena.ofConfined()) {
            libc.ioctl(fd, "TUNSETVNETHDRSZ", TUNSETVNETHDRSZ, arena.allocateFrom(JAVA_INT, VnetHeader.LENGTH));
        } catch (NativeException e) {
            return Offloads.NONE;
        }
        for (Offloads offer : OFFERS) {
            try {
                libc.ioctl(fd, "TUNSETOFFLOAD", TUNSETOFFLOAD, bits(offer));
                return offer;
            } catch (NativeException e) {
                // Then the next smaller one.
            }
        }
        return Offloads.NONE;
    }

    private static long bits(Offloads offloads) {
        return (offloads.checksum() ? TUN_F_CSUM : 0)
                | (offloads.tso() ? TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0)
                | (offloads.uso() ? TUN_F_USO4 | TUN_F_USO6 : 0);
    }

    private static void setInterface(Libc libc, int fd, String name, int flags, int kind) throws NativeException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment ifreq = arena.allocate(IFREQ_BYTES, 8);
            ifreq.setString(0, name, StandardCharsets.US_ASCII);
            ifreq.set(JAVA_SHORT, IFREQ_FLAGS, (short) (kind | IFF_NO_PI | flags));
            libc.ioctl(fd, "TUNSETIFF", TUNSETIFF, ifreq);
        }
    }

    private static int openDevice(Libc libc) throws IOException {
        try {
            return libc.open(DEVICE, Linux.O_RDWR | Linux.O_NONBLOCK | Linux.O_CLOEXEC);
        } catch (NativeException e) {
            throw switch (e.errno()) {
                case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO -> new HostException(
                        "no TUN device: " + e.getMessage(),
                        "run 'modprobe tun', and in a container pass --device " + DEVICE,
                        e);
                case Errno.EACCES, Errno.EPERM -> new HostException(
                        "no access to the TUN device: " + e.getMessage(),
                        "run as root, or allow the device (container: --device " + DEVICE
                                + "; systemd: DeviceAllow=" + DEVICE + " rw)",
                        e);
                default -> e;
            };
        }
    }

    private static IOException explained(NativeException e, String name) {
        return switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES -> new HostException(
                    "may not make interface " + name + ": " + e.getMessage(),
                    "run as root or with CAP_NET_ADMIN (container: --cap-add NET_ADMIN)",
                    e);
            case Errno.EBUSY, Errno.EEXIST, Errno.EINVAL -> new HostException(
                    "interface " + name + " is taken: " + e.getMessage(),
                    "stop what uses it ('ip link show " + name + "'), or set another name at core.tun or core.tap",
                    e);
            default -> e;
        };
    }
}
