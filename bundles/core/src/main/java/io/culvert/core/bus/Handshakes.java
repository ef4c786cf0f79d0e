package io.culvert.core.bus;

/** Where the CPU work of handshakes is done: away from the packet loops, and after them. */
@FunctionalInterface
public interface Handshakes {
    /**
     * Runs {@code work} soon, on another thread.
     *
     * @param begun whether it continues what has cost something already: such work is never refused
     * @return false when too much waits already and the work will not be done
     */
    boolean submit(Runnable work, boolean begun);
}
