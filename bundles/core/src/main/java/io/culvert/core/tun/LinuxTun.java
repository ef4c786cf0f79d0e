package io.culvert.core.tun;

import io.culvert.core.handover.Estate;
import io.culvert.core.host.HostException;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A TUN device of the Linux kernel. It is gone when it is closed, or when the process ends.
 *
 * <p>It is made down, without addresses: see {@link Netlink}.
 */
public final class LinuxTun implements AutoCloseable {
    /** As many queues as the kernel gives one device. */
    public static final int MAX_QUEUES = 256;

    private static final String ESTATE = "tun";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

    private final String name;
    private final TunQueue[] queues;
    private final Offloads offloads;

    private LinuxTun(String name, TunQueue[] queues, Offloads offloads) {
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
        var opened = new TunQueue[queues];
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

    /**
     * The device that an earlier core left, if it is what {@link #open} would make: its packets waited in the kernel.
     *
     * @param settings what else must be the same for the device to fit, such as its addresses
     * @return null when there is none that fits; one that does not is closed then
     */
    public static @Nullable LinuxTun adopt(
            Libc libc, Estate estate, String name, int mtu, int queues, String settings) {
        String left = estate.text(ESTATE);
        Offloads offloads = Offloads.parse(left.substring(left.lastIndexOf(' ') + 1));
        boolean fits = left.equals(facts(name, mtu, queues, settings, offloads)) && exists(libc, name);
        for (int i = 0; fits && i < queues; i++) {
            fits = estate.has(ESTATE + " queue " + i);
        }
        if (!fits) {
            estate.close(libc, ESTATE);
            return null;
        }
        var adopted = new TunQueue[queues];
        for (int i = 0; i < queues; i++) {
            adopted[i] = queue(libc, estate.descriptor(ESTATE + " queue " + i).orElseThrow(), name, mtu, offloads);
        }
        return new LinuxTun(name, adopted, offloads);
    }

    private static String facts(String name, int mtu, int queues, String settings, Offloads offloads) {
        return name + " " + mtu + " " + queues + " " + settings + " " + offloads.code();
    }

    private static boolean exists(Libc libc, String name) {
        try {
            return libc.if_nametoindex(name) > 0;
        } catch (NativeException e) {
            return false;
        }
    }

    /** Leaves the device to {@link #adopt}; {@link #close} does nothing any more. No queue is in use any longer. */
    public void leave(Estate estate, int mtu, String settings) {
        for (int i = 0; i < queues.length; i++) {
            estate.leave(ESTATE + " queue " + i, queues[i].fd());
            queues[i].leave();
        }
        estate.leave(ESTATE, facts(name, mtu, queues.length, settings, offloads));
    }

    /**
     * A queue over another descriptor that takes and gives one packet at a time, each behind
     * {@link #headerBytes}, such as that of a datagram socket. It owns the descriptor.
     */
    public static Tun over(Libc libc, int fd, int mtu, Offloads offloads) {
        return queue(libc, fd, "descriptor " + fd, mtu, offloads);
    }

    /** What stands before each packet when it is read or written. */
    public static int headerBytes(Offloads offloads) {
        return offloads.vnetHeader() ? VnetHeader.LENGTH : 0;
    }

    private static TunQueue queue(Libc libc, int fd, String name, int mtu, Offloads offloads) {
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
