package io.culvert.core.tun;

import io.culvert.core.host.HostException;
import io.culvert.core.libc.Libc;
import java.io.IOException;
import java.util.regex.Pattern;

/**
 * A TUN device of the Linux kernel. It is gone when it is closed, or when the process ends.
 *
 * <p>It is made down, without addresses: see {@link Netlink}.
 */
public final class LinuxTun implements AutoCloseable {
    /** As many queues as the kernel gives one device. */
    public static final int MAX_QUEUES = 256;

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
        var first = TunDescriptor.first(libc, name, queues > 1);
        var opened = new Tun[queues];
        opened[0] = queue(libc, first.fd(), name, mtu, first.offloads());
        int done = 1;
        try {
            for (; done < queues; done++) {
                int fd = TunDescriptor.further(libc, name, first.offloads().vnetHeader());
                opened[done] = queue(libc, fd, name, mtu, first.offloads());
            }
            return new LinuxTun(name, opened, first.offloads());
        } catch (IOException | RuntimeException | Error e) {
            while (done > 0) {
                opened[--done].close();
            }
            throw e;
        }
    }

    private static Tun queue(Libc libc, int fd, String name, int mtu, Offloads offloads) {
        return offloads.vnetHeader()
                ? new VnetQueue(libc, fd, name, mtu, offloads)
                : new PlainQueue(libc, fd, name, mtu);
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
