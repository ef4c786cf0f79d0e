package io.culvert.core.tun;

import io.culvert.core.host.HostException;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * A TUN device of the Linux kernel. It is gone when it is closed, or when the process ends.
 *
 * <p>It is made down, without addresses: see {@link Netlink}.
 */
public final class LinuxTun implements AutoCloseable {
    /** As many queues as the kernel gives one device. */
    public static final int MAX_QUEUES = 256;

    private static final String DEVICE = "/dev/net/tun";
    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TUN = 0x1;
    private static final int IFF_MULTI_QUEUE = 0x100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_TUN_EXCL = 0x8000;

    /** {@code struct ifreq}: name at 0, flags u16 at 16. */
    private static final int IFREQ_BYTES = 40;

    private static final int IFREQ_FLAGS = 16;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

    private final String name;
    private final Tun[] queues;
    private final Offloads offloads;

    private LinuxTun(String name, Tun[] queues, Offloads offloads) {
        this.name = name;
        this.queues = queues;
        this.offloads = offloads;
    }

    /**
     * Makes the device, with as many of the kernel's offloads as there are.
     *
     * @param name of the interface, 1 to 15 of letters, digits, {@code _ . -}; taken by no other interface
     * @param mtu that the interface is going to have, 576 to 65,535 bytes; larger packets are dropped
     * @param queues how many, 1 to {@link #MAX_QUEUES}; the kernel keeps each flow on one
     * @throws HostException when the host does not let us, with the remedy
     */
    public static LinuxTun open(Libc libc, String name, int mtu, int queues) throws IOException {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new HostException(
                    "tun = '" + name + "' is no interface name",
                    "use 1 to 15 letters, digits, '_', '.' and '-', such as culvert0");
        }
        if (mtu < 576 || mtu > 65_535) {
            throw new IllegalArgumentException("mtu " + mtu + " is not in 576..65535");
        }
        if (queues < 1 || queues > MAX_QUEUES) {
            throw new IllegalArgumentException("queues " + queues + " is not in 1.." + MAX_QUEUES);
        }
        var opened = new Tun[queues];
        int done = 0;
        try {
            for (; done < queues; done++) {
                int fd = openQueue(libc, name, queues > 1, done == 0);
                opened[done] = new PlainQueue(libc, fd, name, mtu);
            }
            return new LinuxTun(name, opened, Offloads.NONE);
        } catch (IOException | RuntimeException | Error e) {
            while (done > 0) {
                opened[--done].close();
            }
            throw e;
        }
    }

    private static int openQueue(Libc libc, String name, boolean several, boolean first) throws IOException {
        int fd = openDevice(libc);
        try (var arena = Arena.ofConfined()) {
            MemorySegment ifreq = arena.allocate(IFREQ_BYTES, 8);
            ifreq.setString(0, name, StandardCharsets.US_ASCII);
            // EXCL: never share a device that someone else made, whose settings are not ours to change.
            int flags = IFF_TUN | IFF_NO_PI | (several ? IFF_MULTI_QUEUE : 0) | (first ? IFF_TUN_EXCL : 0);
            ifreq.set(ValueLayout.JAVA_SHORT, IFREQ_FLAGS, (short) flags);
            libc.ioctl(fd, "TUNSETIFF", TUNSETIFF, ifreq);
            return fd;
        } catch (NativeException e) {
            libc.closeQuietly(fd);
            throw explained(e, name);
        } catch (RuntimeException | Error e) {
            libc.closeQuietly(fd);
            throw e;
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
                    "stop what uses it ('ip link show " + name + "'), or set another name at core.tun",
                    e);
            default -> e;
        };
    }

    /** One queue, for one packet loop. */
    public Tun queue(int index) {
        return queues[index];
    }

    /** How many queues there are. */
    public int queues() {
        return queues.length;
    }

    /** The interface's name. */
    public String name() {
        return name;
    }

    /** What the kernel does for every queue. */
    public Offloads offloads() {
        return offloads;
    }

    /** Closes every queue; the interface is gone then. */
    @Override
    public void close() {
        for (Tun queue : queues) {
            queue.close();
        }
    }

    @Override
    public String toString() {
        return "LinuxTun[" + name + ", queues=" + queues.length + ", offloads=" + offloads.text() + "]";
    }
}
