package io.culvert.log.support.link;

import java.io.IOException;
import java.util.List;

/**
 * A way to a far end that takes log entries and says nothing. Opened by the first sending, and again after a failure.
 *
 * <p>Threads: one sends; {@link #close} by any, also while another sends.
 */
public interface Link extends AutoCloseable {
    /**
     * Sends frames in order: as datagrams, or one after the other in a stream. Returns when the operating system has all
     * of them and the far end was still there afterwards; neither means that it has read them.
     *
     * @throws IOException the link is closed; any number of frames may have arrived
     */
    void send(List<byte[]> frames) throws IOException;

    boolean isOpen();

    /** For good: nothing can be sent any more. */
    @Override
    void close();
}
