package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Poller} over epoll, level-triggered, with an eventfd to wake it. */
public final class EpollPoller implements Poller {
    private static final Logger LOG = LoggerFactory.getLogger(EpollPoller.class);
    private static final long LOG_INTERVAL_NS = 1_000_000_000L;
    private static final int MAX_EVENTS = 64;
    private static final long WAKE_TOKEN = -1;
    private static final long NS_PER_MS = 1_000_000;

    private final Libc libc;
    private final int epollFd;
    private final int eventFd;
    private final MemorySegment events;
    private final MemorySegment event;
    private final MemorySegment drained;
    private final MemorySegment one;

    /** {@code struct timespec}: seconds s64, nanoseconds s64. */
    private final MemorySegment pause;

    /** By descriptor; the token of an event is descriptor and generation, so that a reused descriptor is told apart. */
    private @Nullable Pollable[] sources = new @Nullable Pollable[64];

    private int[] generations = new int[64];
    private int ready;
    private boolean failed;
    private long failureLoggedNs;
    private boolean closed;

    public EpollPoller(Libc libc) throws NativeException {
        this.libc = libc;
        Arena arena = Arena.ofAuto();
        this.events = arena.allocate((long) MAX_EVENTS * Linux.EPOLL_EVENT_SIZE, 8);
        this.event = arena.allocate(Linux.EPOLL_EVENT_SIZE, 8);
        this.drained = arena.allocate(JAVA_LONG);
        this.one = arena.allocateFrom(JAVA_LONG, 1L);
        this.pause = arena.allocate(16, 8);
        this.epollFd = libc.epoll_create1(Linux.EPOLL_CLOEXEC);
        int fd = -1;
        try {
            fd = libc.eventfd(0, Linux.EFD_NONBLOCK | Linux.EFD_CLOEXEC);
            control(Linux.EPOLL_CTL_ADD, fd, Linux.EPOLLIN, WAKE_TOKEN);
        } catch (NativeException e) {
            if (fd >= 0) {
                libc.closeQuietly(fd);
            }
            libc.closeQuietly(epollFd);
            throw e;
        }
        this.eventFd = fd;
    }

    @Override
    public void add(Pollable source) throws IOException {
        int fd = source.fd();
        if (fd < 0) {
            throw new IOException("no descriptor: " + fd);
        }
        if (fd >= sources.length) {
            int size = Integer.highestOneBit(fd) * 2;
            sources = Arrays.copyOf(sources, size);
            generations = Arrays.copyOf(generations, size);
        }
        generations[fd] = generations[fd] + 1 & Integer.MAX_VALUE;
        control(Linux.EPOLL_CTL_ADD, fd, Linux.EPOLLIN, token(fd));
        sources[fd] = source;
    }

    @Override
    public void watchWriting(Pollable source, boolean writing) {
        if (!watches(source)) {
            return;
        }
        int interest = writing ? Linux.EPOLLIN | Linux.EPOLLOUT : Linux.EPOLLIN;
        try {
            control(Linux.EPOLL_CTL_MOD, source.fd(), interest, token(source.fd()));
        } catch (NativeException e) {
            throw new IllegalStateException("a watched descriptor is gone", e);
        }
    }

    @Override
    public void remove(Pollable source) {
        if (!watches(source)) {
            return;
        }
        sources[source.fd()] = null;
        try {
            libc.epoll_ctl(epollFd, Linux.EPOLL_CTL_DEL, source.fd(), MemorySegment.NULL);
        } catch (NativeException e) {
            // Already closed: the kernel forgets a descriptor by itself.
        }
    }

    @Override
    public void begin() {
        try {
            // The kernel would make a pause of 50 us last 100, as it may be late by the thread's timer slack.
            libc.prctl(Linux.PR_SET_TIMERSLACK, 1);
        } catch (NativeException e) {
            // Then a pause lasts longer.
        }
    }

    @Override
    public void pause(long ns) {
        pause.set(JAVA_LONG, 0, ns / 1_000_000_000);
        pause.set(JAVA_LONG, 8, ns % 1_000_000_000);
        libc.nanosleep(pause);
    }

    @Override
    public boolean await(long timeoutNs) {
        // Rounded up: a timer that is not due yet would otherwise be polled for in a busy loop.
        long timeoutMs = timeoutNs == Long.MAX_VALUE
                ? -1
                : Math.min(Integer.MAX_VALUE, (Math.max(0, timeoutNs) + NS_PER_MS - 1) / NS_PER_MS);
        ready = Math.max(0, libc.epoll_wait(epollFd, events, MAX_EVENTS, (int) timeoutMs));
        return ready > 0;
    }

    @Override
    public void dispatch() {
        for (int i = 0; i < ready; i++) {
            long at = (long) i * Linux.EPOLL_EVENT_SIZE;
            int flags = events.get(JAVA_INT, at);
            long token = events.get(JAVA_LONG_UNALIGNED, at + Linux.EPOLL_EVENT_DATA);
            if (token == WAKE_TOKEN) {
                libc.read(eventFd, drained, 0, Long.BYTES);
                continue;
            }
            int fd = (int) token;
            Pollable source = sources[fd];
            if (source != null && generations[fd] == (int) (token >>> 32)) {
                tell(source, flags);
            }
        }
        ready = 0;
    }

    /** A source that fails is logged and does not keep the others from being told. */
    private void tell(Pollable source, int flags) {
        try {
            boolean error = (flags & (Linux.EPOLLERR | Linux.EPOLLHUP)) != 0;
            source.onReady(error || (flags & Linux.EPOLLIN) != 0, (flags & Linux.EPOLLOUT) != 0);
        } catch (Throwable t) {
            // It may be ready, and fail, again and again.
            long nowNs = System.nanoTime();
            if (!failed || nowNs - failureLoggedNs >= LOG_INTERVAL_NS) {
                failed = true;
                failureLoggedNs = nowNs;
                LOG.error("loop: descriptor {} was ready, but {} failed", source.fd(), source.getClass().getName(), t);
            }
        }
    }

    @Override
    public void wake() {
        // Under the lock, so that the number of a closed descriptor is never written to.
        synchronized (one) {
            if (!closed) {
                libc.write(eventFd, one, 0, Long.BYTES);
            }
        }
    }

    @Override
    public void close() {
        synchronized (one) {
            if (closed) {
                return;
            }
            closed = true;
        }
        libc.closeQuietly(eventFd);
        libc.closeQuietly(epollFd);
    }

    private long token(int fd) {
        return (long) generations[fd] << 32 | fd;
    }

    private boolean watches(Pollable source) {
        int fd = source.fd();
        return fd >= 0 && fd < sources.length && sources[fd] == source;
    }

    private void control(int operation, int fd, int interest, long token) throws NativeException {
        event.set(JAVA_INT, 0, interest);
        event.set(JAVA_LONG_UNALIGNED, Linux.EPOLL_EVENT_DATA, token);
        libc.epoll_ctl(epollFd, operation, fd, event);
    }
}
