package io.culvert.tunnel.openvpn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.TestPacket;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeySlotTest {
    private static final long REKEY = 0xFF00_0000L;
    private static final long LAST = 0xFFFF_FFFFL;

    private final CountingCiphers counting = new CountingCiphers();

    private static byte[] key2() {
        byte[] key2 = new byte[DataKeys.KEY2_BYTES];
        new Random(11).nextBytes(key2);
        return key2;
    }

    private KeySlot slot(long nextPacketId, long highestReceived) {
        return new KeySlot(3, DataCipher.AES_256_GCM, counting, key2(), true, 0, nextPacketId, highestReceived);
    }

    private static KeySlot end(DataCipher cipher, CipherProvider provider, boolean server) {
        var slot = new KeySlot(3, cipher, provider, key2(), server, 0);
        slot.reserved(slot.freezeReservation());
        return slot;
    }

    private static byte[] seal(KeySlot slot, boolean v2, byte[] text) {
        TestPacket packet = TestPacket.of(text);
        slot.seal(packet, v2, 0x123456);
        return packet.bytes();
    }

    // ---- packets

    @ParameterizedTest
    @EnumSource(DataCipher.class)
    void shouldOpenAtOneEndWhatTheOtherSealed(DataCipher cipher) {
        var crypto = new JceCipherProvider();
        for (boolean v2 : new boolean[] {true, false}) {
            for (boolean fromServer : new boolean[] {true, false}) {
                KeySlot sender = end(cipher, crypto, fromServer);
                KeySlot receiver = end(cipher, crypto, !fromServer);
                for (int length : new int[] {1, 15, 16, 17, 1400}) {
                    byte[] text = new byte[length];
                    Arrays.fill(text, (byte) length);
                    byte[] sealed = seal(sender, v2, text);
                    assertEquals(length + (v2 ? DataHeader.V2_LENGTH : DataHeader.V1_LENGTH), sealed.length);
                    TestPacket packet = TestPacket.exactly(sealed);
                    assertNull(receiver.open(packet));
                    assertArrayEquals(text, packet.bytes());
                    assertEquals(DropReason.BAD_TAG, sender.open(TestPacket.exactly(sealed)));
                }
            }
        }
    }

    @Test
    void shouldRefuseEveryChangedByteButTheKeyIdOfAV1Packet() {
        var crypto = new JceCipherProvider();
        KeySlot sender = end(DataCipher.AES_128_GCM, crypto, false);
        KeySlot receiver = end(DataCipher.AES_128_GCM, crypto, true);
        for (boolean v2 : new boolean[] {true, false}) {
            byte[] sealed = seal(sender, v2, new byte[20]);
            for (int i = v2 ? 0 : 1; i < sealed.length; i++) {
                byte[] changed = sealed.clone();
                changed[i] ^= 1;
                DropReason reason = receiver.open(TestPacket.exactly(changed));
                assertTrue(reason == DropReason.BAD_TAG || reason == DropReason.REPLAYED, i + ": " + reason);
            }
            assertNull(receiver.open(TestPacket.exactly(sealed)), "forgeries moved no window");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldDropPacketsThatHoldNoText(boolean v2) {
        KeySlot sender = end(DataCipher.AES_256_GCM, counting, false);
        byte[] sealed = seal(sender, v2, new byte[1]);
        KeySlot receiver = slot(1, 0);
        for (int length = 1; length < sealed.length; length++) {
            assertEquals(DropReason.MALFORMED, receiver.open(TestPacket.exactly(Arrays.copyOf(sealed, length))));
        }
    }

    @Test
    void shouldTakeEachPacketIdOnceAndLateOnesWithinTheWindow() {
        KeySlot sender = end(DataCipher.AES_256_GCM, counting, false);
        byte[][] sealed = new byte[101][];
        for (int id = 1; id <= 100; id++) {
            sealed[id] = seal(sender, true, new byte[] {(byte) id});
        }
        KeySlot receiver = slot(1, 0);
        assertNull(receiver.open(TestPacket.exactly(sealed[80])));
        assertNull(receiver.open(TestPacket.exactly(sealed[17])));
        assertEquals(DropReason.REPLAYED, receiver.open(TestPacket.exactly(sealed[17])));
        assertEquals(DropReason.REPLAYED, receiver.open(TestPacket.exactly(sealed[16])));
        assertNull(receiver.open(TestPacket.exactly(sealed[100])));
        assertEquals(DropReason.REPLAYED, receiver.open(TestPacket.exactly(sealed[18])));
        assertEquals(100, receiver.highestReceived());
    }

    @Test
    void shouldTakeNothingThatTheRecordCountsAsSeen() {
        KeySlot sender = end(DataCipher.AES_256_GCM, counting, false);
        byte[] first = seal(sender, true, new byte[1]);
        byte[] second = seal(sender, true, new byte[1]);
        KeySlot thawed = slot(1, 1);
        assertEquals(DropReason.REPLAYED, thawed.open(TestPacket.exactly(first)));
        assertNull(thawed.open(TestPacket.exactly(second)));
    }

    @Test
    void shouldRefuseAPacketIdOfZero() {
        byte[] packet = seal(end(DataCipher.AES_256_GCM, counting, false), true, new byte[1]);
        Arrays.fill(packet, 4, 8, (byte) 0);
        Arrays.fill(packet, 8, 24, (byte) 0);
        assertEquals(DropReason.REPLAYED, slot(1, 0).open(TestPacket.exactly(packet)));
    }

    // ---- reservation

    @Test
    void shouldSealNothingBeforeAReservationIsDurable() {
        KeySlot slot = slot(1, 0);
        assertFalse(slot.canSeal());
        assertTrue(slot.wantsReservation());
        long end = slot.freezeReservation();
        assertEquals(end, slot.frozenEnd());
        assertFalse(slot.canSeal(), "frozen is not durable");
        assertThrows(IllegalStateException.class, () -> seal(slot, true, new byte[1]));
        slot.reserved(end);
        assertTrue(slot.canSeal());
    }

    @Test
    void shouldNeverSealBeyondTheDurableEndAndWantMoreAtHalf() {
        KeySlot slot = slot(1, 0);
        slot.reserved(slot.freezeReservation());
        TestPacket packet = TestPacket.of(new byte[1]);
        int start = packet.offset();
        int used = 0;
        while (slot.canSeal()) {
            assertEquals(used > KeySlot.RESERVATION / 2, slot.wantsReservation(), "after " + used);
            packet.bounds(start, 1);
            slot.seal(packet, true, 0);
            used++;
        }
        assertEquals(KeySlot.RESERVATION, used);
        assertThrows(IllegalStateException.class, () -> seal(slot, true, new byte[1]));
        // A thawed slot starts where this one could not get to.
        KeySlot thawed = slot(slot.frozenEnd(), 0);
        thawed.reserved(thawed.freezeReservation());
        seal(thawed, true, new byte[1]);
        assertEquals(KeySlot.RESERVATION + 1, counting.sealed.size());
    }

    @Test
    void shouldGoOnExactlyWhereTheSlotBeforeStopped() {
        KeySlot before = slot(1, 0);
        before.reserved(before.freezeReservation());
        seal(before, true, new byte[1]);
        KeySlot sender = end(DataCipher.AES_256_GCM, new CountingCiphers(), false);
        byte[] first = seal(sender, true, new byte[1]);
        byte[] late = seal(sender, true, new byte[1]);
        byte[] third = seal(sender, true, new byte[1]);
        assertNull(before.open(TestPacket.exactly(first)));
        assertNull(before.open(TestPacket.exactly(third)));
        long frozen = before.freezeReservation();
        KeySlot.Live live = before.freezeLive();
        before.close();

        KeySlot next = slot(frozen, before.highestReceived());
        next.resumeLive(live);
        assertTrue(next.canSeal(), "what was durable still is");
        seal(next, true, new byte[1]);
        assertEquals(3, live.nextPacketId() + 1);
        assertNull(next.open(TestPacket.exactly(late)), "late ones are taken as before");
        assertEquals(DropReason.REPLAYED, next.open(TestPacket.exactly(first)));
        assertTrue(next.freezeReservation() >= frozen);
        // Beyond what was durable, a save must come first.
        assertEquals(KeySlot.RESERVATION + 1, live.durableEnd());
    }

    @Test
    void shouldRefuseToGoOnBeyondTheRecord() {
        KeySlot next = slot(100, 0);
        assertThrows(
                IllegalArgumentException.class,
                () -> next.resumeLive(new KeySlot.Live(5, 101, 0, 0, 0, 0, 0, 0)));
        assertThrows(
                IllegalArgumentException.class,
                () -> next.resumeLive(new KeySlot.Live(60, 50, 0, 0, 0, 0, 0, 0)));
        assertFalse(next.canSeal());
    }

    @Test
    void shouldGrowTheReservationFromWhereItIs() {
        KeySlot slot = slot(1, 0);
        slot.reserved(slot.freezeReservation());
        seal(slot, true, new byte[1]);
        assertEquals(2 + KeySlot.RESERVATION, slot.freezeReservation());
        slot.reserved(1);
        assertTrue(slot.canSeal(), "an older record's end takes nothing back");
    }

    @Test
    void shouldNeverReserveLessThanAnEarlierRecordPromised() {
        KeySlot thawed = slot(5_000_000, 0);
        thawed.reserved(9_000_000);
        assertEquals(9_000_000, thawed.freezeReservation());
    }

    @Test
    void shouldNeverWrapPacketIds() {
        KeySlot slot = slot(LAST - 3, 0);
        assertEquals(LAST, slot.freezeReservation());
        slot.reserved(LAST);
        assertFalse(slot.wantsReservation(), "there is nothing left to reserve");
        for (int i = 0; i < 3; i++) {
            seal(slot, true, new byte[1]);
        }
        assertFalse(slot.canSeal());
        assertThrows(IllegalStateException.class, () -> seal(slot, true, new byte[1]));
        assertTrue(counting.sealed.stream().noneMatch(id -> id == 0 || id == -1));
    }

    // ---- limits

    @Test
    void shouldWantANewKeyWhenPacketIdsNearTheirEnd() {
        assertFalse(slot(REKEY - 1, 0).wantsRekey(0, 0));
        assertTrue(slot(REKEY, 0).wantsRekey(0, 0));
        assertFalse(slot(1, REKEY - 1).wantsRekey(0, 0));
        assertTrue(slot(1, REKEY).wantsRekey(0, 0));
    }

    @Test
    void shouldWantANewKeyAtTheConfiguredLimits() {
        KeySlot slot = end(DataCipher.AES_256_GCM, counting, true);
        seal(slot, true, new byte[100]);
        assertFalse(slot.wantsRekey(2, 101));
        assertTrue(slot.wantsRekey(1, 0));
        assertTrue(slot.wantsRekey(0, 100));
        assertFalse(slot.wantsRekey(0, 0));
    }

    @ParameterizedTest
    @EnumSource(DataCipher.class)
    void shouldWantANewKeyBeforeGcmHasSealedTooManyBlocks(DataCipher cipher) {
        KeySlot slot = end(cipher, counting, true);
        // 2^26 blocks of text and one for the head: 1023 of them stay below 2^36 - 1.
        var huge = new HugePacket(1 << 30);
        for (int i = 0; i < 1023; i++) {
            huge.bounds(64, 1 << 30);
            slot.seal(huge, true, 0);
        }
        assertFalse(slot.wantsRekey(0, 0));
        huge.bounds(64, 1 << 30);
        slot.seal(huge, true, 0);
        assertEquals(cipher != DataCipher.CHACHA20_POLY1305, slot.wantsRekey(0, 0));
    }

    /** A packet that claims to be longer than its memory: the counting ciphers do not look. */
    private static final class HugePacket implements PacketBuffer {
        private final MemorySegment segment = MemorySegment.ofArray(new byte[128]);
        private int offset = 64;
        private int length;

        HugePacket(int length) {
            this.length = length;
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public int offset() {
            return offset;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void bounds(int offset, int length) {
            this.offset = offset;
            this.length = length;
        }
    }

    @Test
    void shouldZeroItsKeyOnClose() {
        byte[] key2 = key2();
        var slot = new KeySlot(0, DataCipher.AES_256_GCM, counting, key2, true, 0);
        assertEquals(2, counting.open);
        slot.close();
        assertEquals(0, counting.open);
        assertArrayEquals(new byte[DataKeys.KEY2_BYTES], key2);
    }

    @Test
    void shouldKnowKeysThatNoHonestExchangeGives() {
        byte[] key2 = key2();
        assertFalse(DataKeys.isWeak(key2, DataCipher.AES_128_GCM));
        Arrays.fill(key2, 128, 144, (byte) 0);
        assertTrue(DataKeys.isWeak(key2, DataCipher.AES_128_GCM));
        assertFalse(DataKeys.isWeak(key2, DataCipher.AES_256_GCM));
    }

    @Test
    void shouldGoOnInAnotherProvidersCode() {
        var others = new CountingCiphers();
        KeySlot server = end(DataCipher.AES_256_GCM, counting, true);
        KeySlot client = end(DataCipher.AES_256_GCM, others, false);
        byte[] seen = seal(client, true, new byte[9]);
        assertNull(server.open(TestPacket.exactly(seen)));
        seal(server, true, new byte[9]);
        int before = others.open;

        server.moveTo(others);
        assertEquals(0, counting.open, "nothing of the first provider is in use");
        assertEquals(before + 2, others.open);
        assertEquals(DropReason.REPLAYED, server.open(TestPacket.exactly(seen)), "the window goes on");
        others.sealed.clear();
        seal(server, true, new byte[9]);
        assertEquals(Set.of(2), others.sealed, "and so do the packet-ids");

        server.moveTo(others);
        assertEquals(before + 2, others.open, "the same provider again changes nothing");
        server.close();
        assertEquals(before, others.open);
    }

    @Test
    void shouldCloseTheFirstKeyWhenThereIsNoSecond() {
        counting.most = 1;
        assertThrows(OutOfMemoryError.class, () -> slot(1, 0));
        assertEquals(0, counting.open);
    }

    @Test
    void shouldGoOnWithItsKeysWhenAnotherProviderHasOnlyOne() {
        var others = new CountingCiphers();
        others.most = 1;
        KeySlot slot = end(DataCipher.AES_256_GCM, counting, true);
        assertThrows(OutOfMemoryError.class, () -> slot.moveTo(others));
        assertEquals(0, others.open);
        assertEquals(2, counting.open);
        seal(slot, true, new byte[9]);
        assertEquals(Set.of(1), counting.sealed);
        slot.close();
        assertEquals(0, counting.open);
    }
}
