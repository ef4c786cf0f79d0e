package io.culvert.core.tun;

import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device of the Linux kernel: where Ethernet frames meet it. It is gone when it is closed, or when the process ends.
 *
 * <p>It is made down, without addresses, with one queue and without offloads: see {@link Netlink}.
 */
public final class LinuxTap implements AutoCloseable {
    /** What a frame has beside its payload: addresses and type, and two tags (IEEE 802.1Q, 802.1ad). */
    public static final int HEADER_BYTES = 14 + 2 * 4;

    private static final String ESTATE = "tap";

    private final TunQueue queue;

    private LinuxTap(Libc libc, int fd, String name, int mtu) {
        this.queue = new PlainQueue(libc, fd, name, mtu + HEADER_BYTES);
    }

    /**
     * Makes the device.
     *
     * @param mtu that the interface is going to have, in bytes; frames with more payload are dropped
     * @throws io.culvert.core.host.HostException when the host does not let us, with the remedy
     */
    public static LinuxTap open(Libc libc, String name, int mtu) throws IOException {
        return new LinuxTap(libc, TunDescriptor.tap(libc, name), name, mtu);
    }

    /**
     * The device that an earlier core left, if it is what {@link #open} would make: its frames waited in the kernel.
     *
     * @param settings what else must be the same for the device to fit
     * @return null when there is none that fits; one that does not is closed then
     */
    public static @Nullable LinuxTap adopt(Libc libc, Estate estate, String name, int mtu, String settings) {
        if (estate.text(ESTATE).equals(facts(name, mtu, settings)) && exists(libc, name)) {
            var fd = estate.descriptor(ESTATE + " queue");
            if (fd.isPresent()) {
                return new LinuxTap(libc, fd.getAsInt(), name, mtu);
            }
        }
        estate.close(libc, ESTATE);
        return null;
    }

    private static boolean exists(Libc libc, String name) {
        try {
            return libc.if_nametoindex(name) > 0;
        } catch (NativeException e) {
            return false;
        }
    }

    private static String facts(String name, int mtu, String settings) {
        return name + " " + mtu + " " + settings;
    }

    /** Leaves the device to {@link #adopt}; {@link #close} does nothing any more. The queue is in use no longer. */
    public void leave(Estate estate, int mtu, String settings) {
        estate.leave(ESTATE + " queue", queue.fd());
        estate.leave(ESTATE, facts(queue.name(), mtu, settings));
        queue.leave();
    }

    /** For one packet loop. */
    public Tun queue() {
        return queue;
    }

    @Override
    public void close() {
        queue.close();
    }

    @Override
    public String toString() {
        return "LinuxTap[" + queue.name() + "]";
    }
}
