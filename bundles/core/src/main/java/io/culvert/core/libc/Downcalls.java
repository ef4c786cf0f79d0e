package io.culvert.core.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Method handles of the C functions. Pointers are passed as 64-bit integers, so that neither a slice nor a keep-alive
 * record is made per call.
 */
final class Downcalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET =
            STATE_LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final ValueLayout INT = JAVA_INT;
    private static final ValueLayout SIZE = JAVA_LONG;
    private static final ValueLayout POINTER = JAVA_LONG;

    /** Where the linker leaves errno: one block for each thread. */
    static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_LAYOUT));

    static final MethodHandle OPEN = variadic("open", 2, INT, POINTER, INT, INT);
    static final MethodHandle CLOSE = call("close", INT, INT);
    static final MethodHandle IOCTL = variadic("ioctl", 2, INT, INT, SIZE, POINTER);
    static final MethodHandle FCNTL = variadic("fcntl", 2, INT, INT, INT, SIZE);
    static final MethodHandle PRCTL = variadic("prctl", 1, INT, INT, SIZE, SIZE, SIZE, SIZE);
    static final MethodHandle SOCKET = call("socket", INT, INT, INT, INT);
    static final MethodHandle BIND = call("bind", INT, INT, POINTER, INT);
    static final MethodHandle LISTEN = call("listen", INT, INT, INT);
    static final MethodHandle GETSOCKNAME = call("getsockname", INT, INT, POINTER, POINTER);
    static final MethodHandle GETSOCKOPT = call("getsockopt", INT, INT, INT, INT, POINTER, POINTER);
    static final MethodHandle SETSOCKOPT = call("setsockopt", INT, INT, INT, INT, POINTER, INT);
    static final MethodHandle SHUTDOWN = call("shutdown", INT, INT, INT);
    static final MethodHandle EPOLL_CREATE1 = call("epoll_create1", INT, INT);
    static final MethodHandle EPOLL_CTL = call("epoll_ctl", INT, INT, INT, INT, POINTER);
    static final MethodHandle EVENTFD = call("eventfd", INT, INT, INT);
    static final MethodHandle IF_NAMETOINDEX = call("if_nametoindex", INT, POINTER);
    static final MethodHandle SETPRIORITY = call("setpriority", INT, INT, INT, INT);
    static final MethodHandle GETPRIORITY = plain("getpriority", FunctionDescriptor.of(INT, INT, INT));
    static final MethodHandle GETUID = plain("getuid", FunctionDescriptor.of(INT));
    static final MethodHandle MMAP = call("mmap", POINTER, POINTER, SIZE, INT, INT, INT, SIZE);
    static final MethodHandle MUNMAP = plain("munmap", FunctionDescriptor.of(INT, POINTER, SIZE));
    static final MethodHandle STRERROR = plain("strerror", FunctionDescriptor.of(ADDRESS, INT));

    static final MethodHandle READ = plain("read", FunctionDescriptor.of(SIZE, INT, POINTER, SIZE));
    static final MethodHandle READ_ERRNO = call("read", SIZE, INT, POINTER, SIZE);
    static final MethodHandle WRITE = plain("write", FunctionDescriptor.of(SIZE, INT, POINTER, SIZE));
    static final MethodHandle WRITE_ERRNO = call("write", SIZE, INT, POINTER, SIZE);
    static final MethodHandle READV = plain("readv", FunctionDescriptor.of(SIZE, INT, POINTER, INT));
    static final MethodHandle READV_ERRNO = call("readv", SIZE, INT, POINTER, INT);
    static final MethodHandle WRITEV = plain("writev", FunctionDescriptor.of(SIZE, INT, POINTER, INT));
    static final MethodHandle WRITEV_ERRNO = call("writev", SIZE, INT, POINTER, INT);
    static final MethodHandle RECV = plain("recv", FunctionDescriptor.of(SIZE, INT, POINTER, SIZE, INT));
    static final MethodHandle RECV_ERRNO = call("recv", SIZE, INT, POINTER, SIZE, INT);
    static final MethodHandle SEND = plain("send", FunctionDescriptor.of(SIZE, INT, POINTER, SIZE, INT));
    static final MethodHandle SEND_ERRNO = call("send", SIZE, INT, POINTER, SIZE, INT);
    static final MethodHandle RECVMSG = plain("recvmsg", FunctionDescriptor.of(SIZE, INT, POINTER, INT));
    static final MethodHandle RECVMSG_ERRNO = call("recvmsg", SIZE, INT, POINTER, INT);
    static final MethodHandle SENDMSG = plain("sendmsg", FunctionDescriptor.of(SIZE, INT, POINTER, INT));
    static final MethodHandle SENDMSG_ERRNO = call("sendmsg", SIZE, INT, POINTER, INT);
    static final MethodHandle RECVMMSG = plain("recvmmsg", FunctionDescriptor.of(INT, INT, POINTER, INT, INT, POINTER));
    static final MethodHandle RECVMMSG_ERRNO = call("recvmmsg", INT, INT, POINTER, INT, INT, POINTER);
    static final MethodHandle SENDMMSG = plain("sendmmsg", FunctionDescriptor.of(INT, INT, POINTER, INT, INT));
    static final MethodHandle SENDMMSG_ERRNO = call("sendmmsg", INT, INT, POINTER, INT, INT);
    static final MethodHandle ACCEPT4 = call("accept4", INT, INT, POINTER, POINTER, INT);
    static final MethodHandle CONNECT = call("connect", INT, INT, POINTER, INT);
    static final MethodHandle EPOLL_WAIT = plain("epoll_wait", FunctionDescriptor.of(INT, INT, POINTER, INT, INT));
    static final MethodHandle EPOLL_WAIT_ERRNO = call("epoll_wait", INT, INT, POINTER, INT, INT);

    static final MethodHandle NANOSLEEP = plain("nanosleep", FunctionDescriptor.of(INT, POINTER, POINTER));
    static final MethodHandle NANOSLEEP_ERRNO = call("nanosleep", INT, POINTER, POINTER);

    /** Where the thread's errno is, in whichever thread this is asked: touches nothing that could change it. */
    private static final MethodHandle ERRNO_LOCATION = LINKER.downcallHandle(
            symbol("__errno_location"), FunctionDescriptor.of(POINTER), Linker.Option.critical(false));

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Downcalls() {}

    static int errno() throws Throwable {
        return MEMORY.get(JAVA_INT, (long) ERRNO_LOCATION.invokeExact());
    }

    static int errno(MemorySegment state) {
        return state.get(JAVA_INT, ERRNO_OFFSET);
    }

    /** What a handle throws beside what C can do: errors of the JVM, or a signature of ours that is wrong. */
    static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(t);
    }

    private static MethodHandle call(String name, ValueLayout result, ValueLayout... parameters) {
        return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(result, parameters), CAPTURE);
    }

    private static MethodHandle variadic(String name, int first, ValueLayout result, ValueLayout... parameters) {
        return LINKER.downcallHandle(
                symbol(name),
                FunctionDescriptor.of(result, parameters),
                CAPTURE,
                Linker.Option.firstVariadicArg(first));
    }

    private static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor);
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new IllegalStateException("the C library has no function " + name));
    }
}
