package io.culvert.core.link;

/** Something with a file descriptor that a {@link Poller} watches. */
public interface Pollable {
    int fd();

    /** The descriptor is ready: reads a bounded batch, writes what waits. Called by the packet loop; never throws. */
    void onReady(boolean readable, boolean writable);
}
