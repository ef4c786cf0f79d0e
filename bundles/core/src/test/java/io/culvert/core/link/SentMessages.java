package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A {@link Libc} that only knows sendmmsg(2) and close(2), keeps what is sent, and answers as the test has written. */
final class SentMessages {
    /** What was taken, in order. */
    final List<Message> sent = new ArrayList<>();

    /** The next answers: how many messages are taken, or a negated errno; when there is none, all are. */
    final Queue<Integer> answers = new ArrayDeque<>();

    int calls;

    /** By UDP_SEGMENT, 0 without. */
    record Message(int port, int segmentBytes, List<byte[]> datagrams) {
        List<Integer> lengths() {
            return datagrams.stream().map(each -> each.length).toList();
        }
    }

    Libc libc() {
        return (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "sendmmsg" -> send((MemorySegment) arguments[1], (int) arguments[2], (int) arguments[3]);
                            case "recvmmsg" -> -io.culvert.core.libc.Errno.EAGAIN;
                            case "closeQuietly" -> null;
                            default -> throw new IllegalStateException(method.getName());
                        });
    }

    private int send(MemorySegment messages, int first, int count) {
        calls++;
        Integer answer = answers.poll();
        int taken = answer == null ? count : Math.min(answer, count);
        for (int i = first; i < first + taken; i++) {
            sent.add(read(messages.asSlice(i * 64L, 64)));
        }
        return taken;
    }

    private static Message read(MemorySegment header) {
        MemorySegment name = at(header.get(JAVA_LONG, 0), header.get(JAVA_INT, 8));
        int iovecCount = (int) header.get(JAVA_LONG, 24);
        MemorySegment iovecs = at(header.get(JAVA_LONG, 16), iovecCount * 16L);
        List<byte[]> datagrams = new ArrayList<>();
        for (int i = 0; i < iovecCount; i++) {
            datagrams.add(at(iovecs.get(JAVA_LONG, i * 16L), iovecs.get(JAVA_LONG, i * 16L + 8)).toArray(JAVA_BYTE));
        }
        MemorySegment control = at(header.get(JAVA_LONG, 32), header.get(JAVA_LONG, 40));
        int segment = 0;
        for (long at = 0; at < control.byteSize(); at += control.get(JAVA_LONG, at) + 7 & ~7) {
            if (control.get(JAVA_INT, at + 8) == Linux.IPPROTO_UDP) {
                segment = control.get(JAVA_SHORT, at + 16) & 0xffff;
            }
        }
        return new Message(SocketAddress.port(name, 0), segment, datagrams);
    }

    private static MemorySegment at(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length);
    }
}
