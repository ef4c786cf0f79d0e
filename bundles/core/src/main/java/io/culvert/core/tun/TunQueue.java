package io.culvert.core.tun;

import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.lang.foreign.MemorySegment;

/** The descriptor of a queue, and what is counted on it; how packets lie in it is the subclass's to know. */
abstract class TunQueue implements Tun {
    final Libc libc;
    final int fd;
    final int mtu;
    private final String name;
    long readDrops;
    long writeDrops;
    private boolean broken;
    private boolean closed;

    TunQueue(Libc libc, int fd, String name, int mtu) {
        this.libc = libc;
        this.fd = fd;
        this.name = name;
        this.mtu = mtu;
    }

    @Override
    public final int fd() {
        return fd;
    }

    @Override
    public final String name() {
        return name;
    }

    /** Reads once; the bytes, or 0 or less when there are none. A failure is counted. */
    final int read(MemorySegment into, long at, int most) {
        int bytes;
        do {
            bytes = libc.read(fd, into, at, most);
        } while (bytes == -Errno.EINTR);
        if (bytes < 0 && bytes != -Errno.EAGAIN) {
            readDrops++;
            broken |= LostTun.is(name, -bytes, broken);
        }
        return bytes;
    }

    /** Writes once; a negated errno when the device refused. */
    final int write(MemorySegment from, long at, int length) {
        int written;
        do {
            written = libc.write(fd, from, at, length);
        } while (written == -Errno.EINTR);
        return written;
    }

    @Override
    public final boolean broken() {
        return broken;
    }

    @Override
    public final long readDrops() {
        return readDrops;
    }

    @Override
    public final long writeDrops() {
        return writeDrops;
    }

    /** The descriptor is somebody else's from now on. */
    final void leave() {
        closed = true;
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            libc.closeQuietly(fd);
        }
    }

    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + name + ", mtu=" + mtu + "]";
    }
}
