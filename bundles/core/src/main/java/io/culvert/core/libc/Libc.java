package io.culvert.core.libc;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * System calls by their man-page names and in their parameter order; sections 2 and 3 of the manual say what they do.
 *
 * <p>Two ways to fail. Calls that set something up throw {@link NativeException}. Calls that move data or wait, the
 * second half of this file, are made on the packet path and fail in ordinary operation ({@code EAGAIN}): they return
 * the negated errno, throw nothing and allocate nothing.
 *
 * <p>Memory: every segment is native and stays open during the call; a range outside of a segment is an
 * {@link IndexOutOfBoundsException}. {@link MemorySegment#NULL} with length 0 is a null pointer. Pointers inside of
 * structures (iovec, msghdr) are the caller's to keep alive.
 *
 * <p>Threads: any, several at once. errno is captured by the linker into memory that the calling thread owns.
 */
public interface Libc {
    // ---- set-up: NativeException ----

    int open(String path, int flags) throws NativeException;

    void close(int fd) throws NativeException;

    /** {@code name} is the request's constant, for the error. */
    int ioctl(int fd, String name, long request, MemorySegment argument) throws NativeException;

    /** An ioctl that takes its argument by value. */
    int ioctl(int fd, String name, long request, long argument) throws NativeException;

    int fcntl(int fd, int command, long argument) throws NativeException;

    int prctl(int option, long argument) throws NativeException;

    int socket(int domain, int type, int protocol) throws NativeException;

    void bind(int fd, MemorySegment address, int addressLength) throws NativeException;

    void listen(int fd, int backlog) throws NativeException;

    /** {@code addressLength} is a socklen_t, in and out. */
    void getsockname(int fd, MemorySegment address, MemorySegment addressLength) throws NativeException;

    /** {@code valueLength} is a socklen_t, in and out. */
    void getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment valueLength)
            throws NativeException;

    void setsockopt(int fd, int level, int option, MemorySegment value, int valueLength) throws NativeException;

    void shutdown(int fd, int how) throws NativeException;

    int epoll_create1(int flags) throws NativeException;

    /** {@code event} is a struct epoll_event, see {@link Linux#EPOLL_EVENT_DATA}; NULL for EPOLL_CTL_DEL. */
    void epoll_ctl(int epfd, int operation, int fd, MemorySegment event) throws NativeException;

    int eventfd(int initialValue, int flags) throws NativeException;

    /** The interface's index; ENODEV when there is none of that name. */
    int if_nametoindex(String name) throws NativeException;

    /** On Linux {@code PRIO_PROCESS} with {@code who} 0 is the calling thread alone. */
    void setpriority(int which, int who, int priority) throws NativeException;

    /** Never fails for what {@link #setpriority} says. */
    int getpriority(int which, int who);

    /** Never fails. */
    int getuid();

    // ---- data: the value, or -errno ----

    int read(int fd, MemorySegment buffer, long offset, int count);

    int write(int fd, MemorySegment buffer, long offset, int count);

    /** {@code iov} is an array of struct iovec: base u64, length u64. */
    int readv(int fd, MemorySegment iov, int iovcnt);

    /** As {@link #readv}. */
    int writev(int fd, MemorySegment iov, int iovcnt);

    int recv(int fd, MemorySegment buffer, long offset, int count, int flags);

    int send(int fd, MemorySegment buffer, long offset, int count, int flags);

    int recvmsg(int fd, MemorySegment msghdr, int flags);

    int sendmsg(int fd, MemorySegment msghdr, int flags);

    /**
     * Without a timeout. {@code msgvec} is an array of struct mmsghdr (64 bytes: msghdr 56, msg_len at 56), read from
     * {@code first} on.
     *
     * @return how many messages
     */
    int recvmmsg(int fd, MemorySegment msgvec, int first, int vlen, int flags);

    /** As {@link #recvmmsg}. */
    int sendmmsg(int fd, MemorySegment msgvec, int first, int vlen, int flags);

    /** {@code addressLength} is a socklen_t, in and out; both NULL when the peer does not matter. */
    int accept4(int fd, MemorySegment address, MemorySegment addressLength, int flags);

    /** 0, or -errno; {@code -EINPROGRESS} on a non-blocking socket. */
    int connect(int fd, MemorySegment address, int addressLength);

    /** {@code events} is an array of struct epoll_event; {@code timeoutMs} -1 waits for ever. */
    int epoll_wait(int epfd, MemorySegment events, int maxevents, int timeoutMs);

    /** {@code duration} is a struct timespec: seconds s64, nanoseconds s64. 0, or -errno. */
    int nanosleep(MemorySegment duration);

    // ---- common shapes of the above ----

    /** {@link #setsockopt} of an int. */
    default void setsockopt(int fd, int level, int option, int value) throws NativeException {
        try (var arena = Arena.ofConfined()) {
            setsockopt(fd, level, option, arena.allocateFrom(JAVA_INT, value), Integer.BYTES);
        }
    }

    /** {@link #getsockopt} of an int. */
    default int getsockopt(int fd, int level, int option) throws NativeException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            getsockopt(fd, level, option, value, arena.allocateFrom(JAVA_INT, Integer.BYTES));
            return value.get(JAVA_INT, 0);
        }
    }

    /** {@link #close} on a path that already fails or cannot do better: its own failure is swallowed. */
    default void closeQuietly(int fd) {
        try {
            close(fd);
        } catch (NativeException e) {
            // Linux has released the descriptor whatever close(2) says.
        }
    }
}
