package io.culvert.core.tun;

import io.culvert.core.libc.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a packet that could not be read from a device that is gone. */
final class LostTun {
    private static final Logger LOG = LoggerFactory.getLogger(LostTun.class);

    private LostTun() {}

    /**
     * Whether a read that failed means that no read will succeed; logged unless it was known.
     *
     * @param errno other than EAGAIN and EINTR
     */
    static boolean is(String name, int errno, boolean known) {
        if (errno == Errno.EINVAL) {
            // The kernel could not describe one packet in a header, and has thrown it away.
            return false;
        }
        if (!known) {
            LOG.error(
                    "tun {}: cannot be read any more, {}: the interface was deleted from outside ('ip link show {}'); "
                            + "no packet reaches a client until Culvert is restarted, which makes the interface anew",
                    name,
                    Errno.describe(errno),
                    name);
        }
        return true;
    }
}
