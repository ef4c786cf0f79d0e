package io.culvert.core.libc;

import static io.culvert.core.libc.Downcalls.STATE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * {@link Libc} over {@code java.lang.foreign}; needs {@code --enable-native-access}.
 *
 * <p>A call that tells errno makes an object, unless the compiler sees through a long chain of the JDK's method
 * handles, which cannot be relied upon. So the packet path's calls go without. Of those that fail, which do nothing, the
 * ones that would block tell it by the thread's errno as it is just after; the few others are made once more for their
 * errno, and may succeed then.
 */
public final class FfmLibc implements Libc {
    private static final long MMSGHDR_BYTES = 64;
    private static final long IOVEC_BYTES = 16;

    /** No errno: the call has to be made once more. */
    private static final int UNTOLD = Integer.MIN_VALUE;

    @Override
    public int open(String path, int flags) throws NativeException {
        MemorySegment state = STATE.get();
        int fd;
        try (var arena = Arena.ofConfined()) {
            fd = (int) Downcalls.OPEN.invokeExact(state, arena.allocateFrom(path).address(), flags, 0);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("open(" + path + ")", fd, state);
    }

    @Override
    public void close(int fd) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.CLOSE.invokeExact(state, fd);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        checked("close", result, state);
    }

    @Override
    public int ioctl(int fd, String name, long request, MemorySegment argument) throws NativeException {
        try {
            return ioctl(fd, name, request, argument.address());
        } finally {
            Reference.reachabilityFence(argument);
        }
    }

    @Override
    public int ioctl(int fd, String name, long request, long argument) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.IOCTL.invokeExact(state, fd, request, argument);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return result < 0 ? checked("ioctl(" + name + ")", result, state) : result;
    }

    @Override
    public int fcntl(int fd, int command, long argument) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.FCNTL.invokeExact(state, fd, command, argument);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("fcntl", result, state);
    }

    @Override
    public int prctl(int option, long argument) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("prctl", result, state);
    }

    @Override
    public int socket(int domain, int type, int protocol) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.SOCKET.invokeExact(state, domain, type, protocol);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("socket", result, state);
    }

    @Override
    public void bind(int fd, MemorySegment address, int addressLength) throws NativeException {
        long pointer = pointer(address, 0, addressLength);
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.BIND.invokeExact(state, fd, pointer, addressLength);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(address);
        }
        checked("bind", result, state);
    }

    @Override
    public void listen(int fd, int backlog) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.LISTEN.invokeExact(state, fd, backlog);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        checked("listen", result, state);
    }

    @Override
    public void getsockname(int fd, MemorySegment address, MemorySegment addressLength) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.GETSOCKNAME.invokeExact(state, fd, address.address(), addressLength.address());
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(address);
            Reference.reachabilityFence(addressLength);
        }
        checked("getsockname", result, state);
    }

    @Override
    public void getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment valueLength)
            throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.GETSOCKOPT.invokeExact(
                    state, fd, level, option, value.address(), valueLength.address());
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(value);
            Reference.reachabilityFence(valueLength);
        }
        checked("getsockopt", result, state);
    }

    @Override
    public void setsockopt(int fd, int level, int option, MemorySegment value, int valueLength)
            throws NativeException {
        long pointer = pointer(value, 0, valueLength);
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.SETSOCKOPT.invokeExact(state, fd, level, option, pointer, valueLength);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(value);
        }
        checked("setsockopt", result, state);
    }

    @Override
    public void shutdown(int fd, int how) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.SHUTDOWN.invokeExact(state, fd, how);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        checked("shutdown", result, state);
    }

    @Override
    public int epoll_create1(int flags) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.EPOLL_CREATE1.invokeExact(state, flags);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("epoll_create1", result, state);
    }

    @Override
    public void epoll_ctl(int epfd, int operation, int fd, MemorySegment event) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.EPOLL_CTL.invokeExact(state, epfd, operation, fd, event.address());
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(event);
        }
        checked("epoll_ctl", result, state);
    }

    @Override
    public int eventfd(int initialValue, int flags) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.EVENTFD.invokeExact(state, initialValue, flags);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("eventfd", result, state);
    }

    @Override
    public int if_nametoindex(String name) throws NativeException {
        MemorySegment state = STATE.get();
        int index;
        try (var arena = Arena.ofConfined()) {
            index = (int) Downcalls.IF_NAMETOINDEX.invokeExact(state, arena.allocateFrom(name).address());
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        return checked("if_nametoindex(" + name + ")", index == 0 ? -1 : index, state);
    }

    @Override
    public void setpriority(int which, int who, int priority) throws NativeException {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) Downcalls.SETPRIORITY.invokeExact(state, which, who, priority);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        checked("setpriority", result, state);
    }

    @Override
    public int getpriority(int which, int who) {
        try {
            return (int) Downcalls.GETPRIORITY.invokeExact(which, who);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    @Override
    public int getuid() {
        try {
            return (int) Downcalls.GETUID.invokeExact();
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }

    @Override
    public int read(int fd, MemorySegment buffer, long offset, int count) {
        long pointer = pointer(buffer, offset, count);
        try {
            int result = told((long) Downcalls.READ.invokeExact(fd, pointer, (long) count));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.READ_ERRNO.invokeExact(state, fd, pointer, (long) count), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int write(int fd, MemorySegment buffer, long offset, int count) {
        long pointer = pointer(buffer, offset, count);
        try {
            int result = told((long) Downcalls.WRITE.invokeExact(fd, pointer, (long) count));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.WRITE_ERRNO.invokeExact(state, fd, pointer, (long) count), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int readv(int fd, MemorySegment iov, int iovcnt) {
        long pointer = pointer(iov, 0, iovcnt * IOVEC_BYTES);
        try {
            int result = told((long) Downcalls.READV.invokeExact(fd, pointer, iovcnt));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.READV_ERRNO.invokeExact(state, fd, pointer, iovcnt), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(iov);
        }
    }

    @Override
    public int writev(int fd, MemorySegment iov, int iovcnt) {
        long pointer = pointer(iov, 0, iovcnt * IOVEC_BYTES);
        try {
            int result = told((long) Downcalls.WRITEV.invokeExact(fd, pointer, iovcnt));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.WRITEV_ERRNO.invokeExact(state, fd, pointer, iovcnt), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(iov);
        }
    }

    @Override
    public int recv(int fd, MemorySegment buffer, long offset, int count, int flags) {
        long pointer = pointer(buffer, offset, count);
        try {
            int result = told((long) Downcalls.RECV.invokeExact(fd, pointer, (long) count, flags));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.RECV_ERRNO.invokeExact(state, fd, pointer, (long) count, flags), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int send(int fd, MemorySegment buffer, long offset, int count, int flags) {
        long pointer = pointer(buffer, offset, count);
        try {
            int result = told((long) Downcalls.SEND.invokeExact(fd, pointer, (long) count, flags));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.SEND_ERRNO.invokeExact(state, fd, pointer, (long) count, flags), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    @Override
    public int recvmsg(int fd, MemorySegment msghdr, int flags) {
        try {
            int result = told((long) Downcalls.RECVMSG.invokeExact(fd, msghdr.address(), flags));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.RECVMSG_ERRNO.invokeExact(state, fd, msghdr.address(), flags), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(msghdr);
        }
    }

    @Override
    public int sendmsg(int fd, MemorySegment msghdr, int flags) {
        try {
            int result = told((long) Downcalls.SENDMSG.invokeExact(fd, msghdr.address(), flags));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((long) Downcalls.SENDMSG_ERRNO.invokeExact(state, fd, msghdr.address(), flags), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(msghdr);
        }
    }

    @Override
    public int recvmmsg(int fd, MemorySegment msgvec, int first, int vlen, int flags) {
        long pointer = pointer(msgvec, first * MMSGHDR_BYTES, vlen * MMSGHDR_BYTES);
        try {
            int result = told((int) Downcalls.RECVMMSG.invokeExact(fd, pointer, vlen, flags, 0L));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((int) Downcalls.RECVMMSG_ERRNO.invokeExact(state, fd, pointer, vlen, flags, 0L), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(msgvec);
        }
    }

    @Override
    public int sendmmsg(int fd, MemorySegment msgvec, int first, int vlen, int flags) {
        long pointer = pointer(msgvec, first * MMSGHDR_BYTES, vlen * MMSGHDR_BYTES);
        try {
            int result = told((int) Downcalls.SENDMMSG.invokeExact(fd, pointer, vlen, flags));
            if (result != UNTOLD) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((int) Downcalls.SENDMMSG_ERRNO.invokeExact(state, fd, pointer, vlen, flags), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(msgvec);
        }
    }

    @Override
    public int accept4(int fd, MemorySegment address, MemorySegment addressLength, int flags) {
        MemorySegment state = STATE.get();
        try {
            return answer(
                    (int) Downcalls.ACCEPT4.invokeExact(
                            state, fd, address.address(), addressLength.address(), flags),
                    state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(address);
            Reference.reachabilityFence(addressLength);
        }
    }

    @Override
    public int connect(int fd, MemorySegment address, int addressLength) {
        long pointer = pointer(address, 0, addressLength);
        MemorySegment state = STATE.get();
        try {
            return answer((int) Downcalls.CONNECT.invokeExact(state, fd, pointer, addressLength), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    @Override
    public int epoll_wait(int epfd, MemorySegment events, int maxevents, int timeoutMs) {
        long pointer = pointer(events, 0, maxevents * (long) Linux.EPOLL_EVENT_SIZE);
        try {
            int result = (int) Downcalls.EPOLL_WAIT.invokeExact(epfd, pointer, maxevents, timeoutMs);
            if (result >= 0) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((int) Downcalls.EPOLL_WAIT_ERRNO.invokeExact(state, epfd, pointer, maxevents, timeoutMs), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(events);
        }
    }

    @Override
    public int nanosleep(MemorySegment duration) {
        try {
            int result = (int) Downcalls.NANOSLEEP.invokeExact(duration.address(), 0L);
            if (result >= 0) {
                return result;
            }
            MemorySegment state = STATE.get();
            return answer((int) Downcalls.NANOSLEEP_ERRNO.invokeExact(state, duration.address(), 0L), state);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        } finally {
            Reference.reachabilityFence(duration);
        }
    }

    private static long pointer(MemorySegment segment, long offset, long length) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a heap segment: the kernel needs native memory");
        }
        Objects.checkFromIndexSize(offset, length, segment.byteSize());
        return segment.address() + offset;
    }

    /**
     * What a call without errno came to. The JVM may have stopped the thread between the call and this, and left an
     * errno of its own: EAGAIN in the place of another failure does no harm, as who hears it asks again.
     */
    private static int told(long result) throws Throwable {
        if (result >= 0) {
            return (int) result;
        }
        return Downcalls.errno() == Errno.EAGAIN ? -Errno.EAGAIN : UNTOLD;
    }

    private static int answer(long result, MemorySegment state) {
        return result < 0 ? -Downcalls.errno(state) : (int) result;
    }

    private static int checked(String call, int result, MemorySegment state) throws NativeException {
        if (result < 0) {
            throw new NativeException(call, Downcalls.errno(state));
        }
        return result;
    }
}
