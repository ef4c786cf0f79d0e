package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.NetworkNamespace;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.handover.Estate;
import io.culvert.core.host.HostException;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** A TAP in a network namespace of its own. */
final class LinuxTapTest {
    private static final byte[] ADDRESS = {2, 0, 0, 0, 0, 0x77};

    /** RFC 826: who has 10.9.0.1? 02:00:00:00:00:0a, 10.9.0.2 asks. */
    private static final byte[] WHO_HAS = HexFormat.ofDelimiter(" ").parseHex(
            "ff ff ff ff ff ff 02 00 00 00 00 0a 08 06 00 01 08 00 06 04 00 01 "
                    + "02 00 00 00 00 0a 0a 09 00 02 00 00 00 00 00 00 0a 09 00 01");

    private final Libc libc = new FfmLibc();
    private final BufferPool pool = new BufferPool(16, 256, 2048);

    private LinuxTap open() throws Exception {
        LinuxTap tap = LinuxTap.open(libc, "tap9", 1500);
        try (Netlink netlink = Netlink.open(libc)) {
            netlink.hardwareAddress("tap9", ADDRESS);
            netlink.up("tap9", 1500);
            netlink.addAddress("tap9", InetAddress.ofLiteral("10.9.0.1"), 24);
        }
        return tap;
    }

    private void write(LinuxTap tap, byte[] frame) {
        PooledBuffer buffer = pool.allocate();
        assertNotNull(buffer);
        MemorySegment.copy(frame, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), frame.length);
        buffer.bounds(buffer.offset(), frame.length);
        tap.queue().write(buffer);
    }

    /** The kernel's answer to {@link #WHO_HAS}, among what else it says. */
    private byte[] answer(LinuxTap tap) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        var batch = new PooledBuffer[8];
        while (System.nanoTime() < deadline) {
            int count = tap.queue().readBatch(pool, batch);
            byte[] found = null;
            for (int i = 0; i < count; i++) {
                byte[] frame = batch[i].segment()
                        .asSlice(batch[i].offset(), batch[i].length())
                        .toArray(JAVA_BYTE);
                batch[i].release();
                if (frame[12] == 8 && frame[13] == 6 && frame[21] == 2) {
                    found = frame;
                }
            }
            if (found != null) {
                return found;
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("no answer");
    }

    @Test
    void shouldCarryFramesToTheKernelAndBack() throws Exception {
        NetworkNamespace.call(() -> {
            try (LinuxTap tap = open()) {
                write(tap, WHO_HAS);
                byte[] answer = answer(tap);
                assertArrayEquals(Arrays.copyOfRange(WHO_HAS, 6, 12), Arrays.copyOf(answer, 6));
                assertArrayEquals(ADDRESS, Arrays.copyOfRange(answer, 6, 12));
                assertTrue(assertThrows(HostException.class, () -> LinuxTap.open(libc, "tap9", 1500))
                        .getMessage()
                        .contains("core.tap"));
            }
            return null;
        });
    }

    @Test
    void shouldGoOnInTheNextCoreWithWhatWaitedMeanwhile() throws Exception {
        NetworkNamespace.call(() -> {
            LinuxTap tap = open();
            write(tap, WHO_HAS);
            var estate = new Estate();
            tap.leave(estate, 1500, "-");
            tap.close();
            LinuxTap next = LinuxTap.adopt(libc, estate, "tap9", 1500, "-");
            assertNotNull(next);
            try (next) {
                assertArrayEquals(ADDRESS, Arrays.copyOfRange(answer(next), 6, 12));
            }
            assertEquals(0, estate.descriptors());
            return null;
        });
    }

    @Test
    void shouldTakeOverNoneThatIsOtherwise() throws Exception {
        NetworkNamespace.call(() -> {
            var estate = new Estate();
            open().leave(estate, 1500, "-");
            assertNull(LinuxTap.adopt(libc, estate, "tap9", 1500, "br0"));
            assertEquals(0, estate.descriptors());
            open().close();
            return null;
        });
    }

    @Test
    void shouldBecomeAPortOfALinuxBridge() throws Exception {
        NetworkNamespace.call(() -> {
            NetworkNamespace.run("ip", "link", "add", "br9", "type", "bridge");
            NetworkNamespace.run("ip", "addr", "add", "10.9.0.1/24", "dev", "br9");
            NetworkNamespace.run("ip", "link", "set", "br9", "up");
            try (LinuxTap tap = LinuxTap.open(libc, "tap9", 1500);
                    Netlink netlink = Netlink.open(libc)) {
                netlink.up("tap9", 1500);
                netlink.enslave("tap9", "br9");
                write(tap, WHO_HAS);
                assertEquals(42, answer(tap).length);
            }
            return null;
        });
    }
}
