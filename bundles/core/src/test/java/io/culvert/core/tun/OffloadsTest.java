package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.culvert.core.libc.Errno;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.NativeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What is asked of kernels that do not know everything. */
class OffloadsTest {
    private static final int VNET_HDR = 0x4000;
    private static final int MULTI_QUEUE = 0x100;
    private static final int EXCL = 0x8000;

    private final List<String> asked = new ArrayList<>();
    private final Set<Integer> open = new TreeSet<>();

    @Test
    void shouldTakeEverythingThatThereIs() throws Exception {
        try (var tun = LinuxTun.open(kernel(true, 0x6f), "cv0", 1400, 3)) {
            assertEquals("checksum, tso, uso", tun.offloads().text());
            assertEquals(3, tun.queues());
            int flags = 0x1001 | VNET_HDR | MULTI_QUEUE;
            assertEquals(
                    List.of("TUNSETIFF " + (flags | EXCL), "TUNSETVNETHDRSZ", "TUNSETOFFLOAD 111", "TUNSETIFF " + flags,
                            "TUNSETIFF " + flags),
                    asked);
        }
        assertEquals(Set.of(), open);
    }

    @Test
    void shouldDoWithLess() throws Exception {
        try (var tun = LinuxTun.open(kernel(true, 0x0f), "cv0", 1400, 1)) {
            assertEquals("checksum, tso", tun.offloads().text());
        }
        try (var tun = LinuxTun.open(kernel(true, 0x01), "cv0", 1400, 1)) {
            assertEquals("checksum", tun.offloads().text());
            assertInstanceOf(VnetQueue.class, tun.queue(0));
        }
        asked.clear();
        try (var tun = LinuxTun.open(kernel(true, 0), "cv0", 1400, 2)) {
            assertEquals(Offloads.NONE, tun.offloads());
            assertEquals("none", tun.offloads().text());
            assertInstanceOf(PlainQueue.class, tun.queue(1));
            assertEquals("TUNSETIFF " + (0x1001 | MULTI_QUEUE), asked.getLast());
            assertEquals(2, open.size());
        }
        try (var tun = LinuxTun.open(kernel(false, 0), "cv0", 1400, 1)) {
            assertEquals(Offloads.NONE, tun.offloads());
            assertEquals("TUNSETIFF " + (0x1001 | EXCL), asked.getLast());
        }
        assertEquals(Set.of(), open);
        assertEquals("checksum", Offloads.probe(kernel(true, 1)).text());
        assertEquals(Set.of(), open);
    }

    @Test
    void shouldLeaveNothingOpenWhenAFurtherQueueFails() {
        Libc kernel = kernel(true, 0x6f);
        asked.add("third fails");
        assertThrows(java.io.IOException.class, () -> LinuxTun.open(kernel, "cv0", 1400, 4));
        assertEquals(Set.of(), open);
    }

    @Test
    void shouldRefuseNonsense() {
        assertThrows(IllegalArgumentException.class, () -> new Offloads(false, true, false, false));
        assertThrows(IllegalArgumentException.class, () -> new Offloads(true, false, true, false));
        assertEquals("vnet header", new Offloads(true, false, false, false).text());
        for (int queues : new int[] {0, -1, 257}) {
            assertThrows(
                    IllegalArgumentException.class, () -> LinuxTun.open(kernel(true, 0), "cv0", 1400, queues));
        }
    }

    /** A kernel with these offloads, whose TUN device is /dev/null. */
    private Libc kernel(boolean vnetHeader, long offloads) {
        Libc real = new FfmLibc();
        return (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "ioctl" -> {
                            return ioctl(vnetHeader, offloads, arguments);
                        }
                        case "closeQuietly", "close" -> open.remove(arguments[0]);
                        case "open" -> arguments[0] = "/dev/null";
                        default -> {}
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        if (method.getName().equals("open")) {
                            open.add((Integer) result);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private int ioctl(boolean vnetHeader, long offloads, Object[] arguments) throws NativeException {
        String name = (String) arguments[1];
        String what = switch (name) {
            case "TUNSETIFF" -> {
                int flags = ((MemorySegment) arguments[3]).get(ValueLayout.JAVA_SHORT, 16) & 0xFFFF;
                if (!vnetHeader && (flags & VNET_HDR) != 0) {
                    throw new NativeException(name, Errno.EINVAL);
                }
                yield name + " " + flags;
            }
            case "TUNSETOFFLOAD" -> {
                if (((Long) arguments[3] & ~offloads) != 0 || offloads == 0) {
                    throw new NativeException(name, Errno.EINVAL);
                }
                yield name + " " + arguments[3];
            }
            default -> name;
        };
        asked.add(what);
        if (asked.getFirst().equals("third fails") && asked.stream().filter(each -> each.startsWith("TUNSETIFF")).count() == 3) {
            throw new NativeException(name, Errno.EMFILE);
        }
        return 0;
    }
}
