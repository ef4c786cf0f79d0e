package io.culvert.core.link;

import java.io.IOException;

/** Waits until one of several descriptors is ready. Threads: one packet loop, but for {@link #wake}. */
public interface Poller extends AutoCloseable {
    /** Watches {@code source} for reading. */
    void add(Pollable source) throws IOException;

    /** Whether {@code source} is watched for writing, too. */
    void watchWriting(Pollable source, boolean writing);

    /** Ends watching; a readiness that was seen already is not told any more. */
    void remove(Pollable source);

    /** Waits for at most {@code timeoutNs}, {@link Long#MAX_VALUE} for ever; true when {@link #dispatch} has work. */
    boolean await(long timeoutNs);

    /** The calling thread is the one that waits from now on. */
    default void begin() {}

    /** Lets {@code ns} pass, whatever becomes ready meanwhile. */
    default void pause(long ns) {}

    /** Tells every source that was found ready. */
    void dispatch();

    /** Ends a wait, or the next one. Any thread. */
    void wake();

    @Override
    void close();
}
