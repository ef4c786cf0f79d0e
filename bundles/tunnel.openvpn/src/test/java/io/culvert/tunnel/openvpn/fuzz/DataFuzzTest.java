package io.culvert.tunnel.openvpn.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.TestPacket;
import io.culvert.tunnel.openvpn.Listeners;
import io.culvert.tunnel.openvpn.data.DataKeys;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.KeySlot;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Data packets of strangers and of clients, and the stream that TCP brings them in. */
class DataFuzzTest {
    private static final CipherProvider CRYPTO = new JceCipherProvider();
    private static final StreamFraming FRAMING = Listeners.plain(Transport.TCP).framing();

    private static KeySlot slot(boolean server) {
        byte[] key2 = new byte[DataKeys.KEY2_BYTES];
        for (int i = 0; i < key2.length; i++) {
            key2[i] = (byte) (i * 7 + 1);
        }
        var slot = new KeySlot(0, DataCipher.AES_128_GCM, CRYPTO, key2, server, 0);
        slot.reserved(slot.freezeReservation());
        return slot;
    }

    @FuzzTest
    void keySlot(byte[] data) {
        if (data.length == 0) {
            return;
        }
        KeySlot server = slot(true);
        TestPacket stranger = TestPacket.exactly(data);
        assertTrue(server.open(stranger) != null, "nobody forges a tag");
        assertArrayEquals(new int[] {0, data.length}, new int[] {stranger.offset(), stranger.length()});

        // What a client's text may be, behind a good tag.
        boolean v2 = (data[0] & 1) != 0;
        KeySlot client = slot(false);
        TestPacket packet = TestPacket.of(data);
        client.seal(packet, v2, data.length);
        TestPacket sealed = TestPacket.exactly(packet.bytes());
        assertNull(server.open(sealed));
        assertArrayEquals(data, sealed.bytes());
        assertEquals(DropReason.REPLAYED, server.open(TestPacket.exactly(packet.bytes())));
        assertTrue(!DataMessage.isPing(sealed) || DataMessage.occOperation(sealed) < 0);
    }

    @FuzzTest
    void streamFraming(byte[] data) {
        MemorySegment stream = MemorySegment.ofArray(data);
        MemorySegment written = MemorySegment.ofArray(new byte[data.length]);
        int at = 0;
        while (data.length - at >= FRAMING.headerBytes()) {
            int length = FRAMING.datagramBytes(stream, at);
            if (length < 0) {
                assertEquals(-1, length);
                break;
            }
            assertTrue(length > 0 && length <= 2048);
            FRAMING.writeHeader(written, at, length);
            at += FRAMING.headerBytes();
            int there = Math.min(length, data.length - at);
            MemorySegment.copy(data, at, written, JAVA_BYTE, at, there);
            at += there;
        }
        assertArrayEquals(Arrays.copyOf(data, at), written.asSlice(0, at).toArray(JAVA_BYTE));
    }
}
