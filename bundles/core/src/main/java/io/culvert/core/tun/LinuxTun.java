package io.culvert.core.tun;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
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
 * A TUN device of the Linux kernel: whole IP packets without a header before them, one system call for each. The
 * device is gone when it is closed, or when the process ends.
 *
 * <p>It is made down, without addresses: see {@link Netlink}.
 */
public final class LinuxTun implements Tun {
    private static final String DEVICE = "/dev/net/tun";
    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TUN = 0x1;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_TUN_EXCL = 0x8000;

    /** {@code struct ifreq}: name at 0, flags u16 at 16. */
    private static final int IFREQ_BYTES = 40;

    private static final int IFREQ_FLAGS = 16;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

    private final Libc libc;
    private final int fd;
    private final String name;
    private final int mtu;
    private final MemorySegment scrap = Arena.ofAuto().allocate(1);
    private long readDrops;
    private long writeDrops;
    private boolean closed;

    private LinuxTun(Libc libc, int fd, String name, int mtu) {
        this.libc = libc;
        this.fd = fd;
        this.name = name;
        this.mtu = mtu;
    }

    /**
     * Makes the device.
     *
     * @param name of the interface, 1 to 15 of letters, digits, {@code _ . -}; taken by no other interface
     * @param mtu that the interface is going to have, 576 to 65,535 bytes; larger packets are dropped
     * @throws HostException when the host does not let us, with the remedy
     */
    public static LinuxTun open(Libc libc, String name, int mtu) throws IOException {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw new HostException(
                    "tun = '" + name + "' is no interface name",
                    "use 1 to 15 letters, digits, '_', '.' and '-', such as culvert0");
        }
        if (mtu < 576 || mtu > 65_535) {
            throw new IllegalArgumentException("mtu " + mtu + " is not in 576..65535");
        }
        int fd = openDevice(libc);
        try (var arena = Arena.ofConfined()) {
            MemorySegment ifreq = arena.allocate(IFREQ_BYTES, 8);
            ifreq.setString(0, name, StandardCharsets.US_ASCII);
            // EXCL: never share a device that someone else made, whose settings are not ours to change.
            ifreq.set(ValueLayout.JAVA_SHORT, IFREQ_FLAGS, (short) (IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL));
            libc.ioctl(fd, "TUNSETIFF", TUNSETIFF, ifreq);
            return new LinuxTun(libc, fd, ifreq.getString(0, StandardCharsets.US_ASCII), mtu);
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

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int readBatch(BufferPool pool, PooledBuffer[] into) {
        int room = Math.min(mtu + 1, pool.bufferBytes() - pool.headroomBytes());
        int count = 0;
        while (count < into.length) {
            PooledBuffer buffer = pool.allocate();
            if (buffer == null) {
                discardOne();
                return count;
            }
            int length = libc.read(fd, buffer.segment(), buffer.offset(), room);
            if (length <= 0) {
                buffer.release();
                if (length == -Errno.EINTR) {
                    continue;
                }
                return count;
            }
            // The kernel cuts a packet to the room there is without a word.
            if (length > mtu || length == room && room <= mtu) {
                buffer.release();
                readDrops++;
                return count;
            }
            buffer.bounds(buffer.offset(), length);
            into[count++] = buffer;
        }
        return count;
    }

    @Override
    public boolean hasMore() {
        return false;
    }

    private void discardOne() {
        if (libc.read(fd, scrap, 0, 1) > 0) {
            readDrops++;
        }
    }

    @Override
    public void write(PooledBuffer packet) {
        int written;
        do {
            written = libc.write(fd, packet.segment(), packet.offset(), packet.length());
        } while (written == -Errno.EINTR);
        if (written < 0) {
            writeDrops++;
        }
        packet.release();
    }

    @Override
    public void flush() {
        // Each packet was written at once: without offloads the kernel takes one for each call.
    }

    @Override
    public long readDrops() {
        return readDrops;
    }

    @Override
    public long writeDrops() {
        return writeDrops;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            libc.closeQuietly(fd);
        }
    }

    @Override
    public String toString() {
        return "LinuxTun[" + name + ", mtu=" + mtu + "]";
    }
}
