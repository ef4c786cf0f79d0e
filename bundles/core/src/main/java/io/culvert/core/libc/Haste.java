package io.culvert.core.libc;

/**
 * Takes threads that packets wait for before others, for as long as packets wait: a hand-over passes through half a dozen
 * threads, and on a machine at its limit each of them would wait for its turn. Where the kernel allows no thread to rise
 * (RLIMIT_NICE of getrlimit(2), or CAP_SYS_NICE), all is as without.
 *
 * <p>A thread that is begun in haste would stay so for ever, unless the JVM gives each its own priority. So whoever starts
 * the JVM with {@code -XX:ThreadPriorityPolicy=1} sets the system property {@value #ALLOWED}; without it nobody hastens.
 *
 * <p>Threads: a platform thread begins and ends it for itself; a virtual thread is left alone, as the thread below it
 * serves others too.
 */
public final class Haste implements AutoCloseable {
    static final String ALLOWED = "culvert.haste";

    private static final int RISE = 10;
    private static final int HIGHEST = -20;

    private final Libc libc;
    private final int before;
    private final boolean risen;

    private Haste(Libc libc, int before, boolean risen) {
        this.libc = libc;
        this.before = before;
        this.risen = risen;
    }

    public static Haste begin(Libc libc) {
        if (Thread.currentThread().isVirtual() || !Boolean.getBoolean(ALLOWED)) {
            return new Haste(libc, 0, false);
        }
        int before = libc.getpriority(Linux.PRIO_PROCESS, 0);
        return new Haste(libc, before, set(libc, Math.max(HIGHEST, before - RISE)));
    }

    @Override
    public void close() {
        if (risen) {
            set(libc, before);
        }
    }

    private static boolean set(Libc libc, int priority) {
        try {
            libc.setpriority(Linux.PRIO_PROCESS, 0, priority);
            return true;
        } catch (NativeException e) {
            return false;
        }
    }
}
