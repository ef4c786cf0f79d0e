package io.culvert.core.bus;

/**
 * Where a session that carries Ethernet frames meets the bridge.
 *
 * <p>Threads: made by the session's loop; all but {@link #session} is the first loop's alone.
 */
final class FramePort {
    /** Of a port that the bridge does not know yet. */
    static final int NONE = 0;

    private final LoopSession session;
    int number = NONE;

    /** Frames of it may still be on their way. */
    boolean closed;

    FramePort(LoopSession session) {
        this.session = session;
    }

    LoopSession session() {
        return session;
    }
}
