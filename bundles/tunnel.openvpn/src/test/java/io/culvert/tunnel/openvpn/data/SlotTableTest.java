package io.culvert.tunnel.openvpn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.DataCipher;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlotTableTest {
    private final CountingCiphers ciphers = new CountingCiphers();
    private final SlotTable table = new SlotTable();
    private final KeySlot zero = slot(0);
    private final KeySlot one = slot(1);
    private final KeySlot two = slot(2);

    private KeySlot slot(int keyId) {
        var slot = new KeySlot(keyId, DataCipher.AES_256_GCM, ciphers, new byte[DataKeys.KEY2_BYTES], true, 0);
        slot.reserved(1000);
        return slot;
    }

    @Test
    void shouldUseTheFirstKeyAtOnce() {
        assertNull(table.sending(0));
        table.installFirst(zero);
        assertSame(zero, table.sending(Long.MIN_VALUE));
        assertSame(zero, table.receiving(0));
        assertNull(table.receiving(1));
        assertEquals(List.of(zero), table.all());
    }

    @Test
    void shouldSendWithTheKeyBeforeUntilTheDeferralHasPassed() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        assertSame(zero, table.sending(99));
        assertSame(one, table.sending(100));
        assertSame(zero, table.receiving(0));
        assertSame(one, table.receiving(1));
        assertEquals(List.of(one, zero), table.all());
    }

    @Test
    void shouldTellTwinsByTheirPacketIds() {
        var before = goesOn(500);
        var newer = slot(0);
        table.installFirst(before);
        assertFalse(table.twins());
        table.install(newer, Long.MAX_VALUE, 1000);
        assertTrue(table.twins());
        assertSame(before, table.receivingTwin(501));
        assertSame(newer, table.receivingTwin(1));
        table.doubt();
        assertSame(newer, table.receivingTwin(501), "it was not the older one's");
        table.expire(1000);
        assertFalse(table.twins());

        var used = goesOn(30);
        table.restore(used, goesOn(9000), Long.MAX_VALUE, 1000);
        assertSame(used, table.receivingTwin(31));
        assertSame(table.previous(), table.receivingTwin(9001));
        assertSame(used, table.sending(0), "the peer opens with nothing else under this key-id");
        table.install(one, 100, 1000);
        assertFalse(table.twins());
    }

    private KeySlot goesOn(long highestReceived) {
        var slot = new KeySlot(0, DataCipher.AES_256_GCM, ciphers, new byte[DataKeys.KEY2_BYTES], true, 0, 1, highestReceived);
        slot.reserved(1000);
        return slot;
    }

    @Test
    void shouldForgetTheKeyBeforeWhenItsTimeIsOver() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        table.expire(999);
        assertSame(zero, table.receiving(0));
        table.expire(1000);
        assertNull(table.receiving(0));
        assertNull(table.previous());
        assertSame(one, table.sending(0));
        assertEquals(4, ciphers.open, "keys one and two are open");
    }

    @Test
    void shouldSendWithWhicheverKeyHasPacketIdsLeft() {
        table.installFirst(zero);
        var empty = new KeySlot(1, DataCipher.AES_256_GCM, ciphers, new byte[DataKeys.KEY2_BYTES], true, 0);
        table.install(empty, 100, 1000);
        assertSame(zero, table.sending(200), "nothing is reserved under the new key");
        empty.reserved(10);
        assertSame(empty, table.sending(200));

        var other = new SlotTable();
        other.installFirst(new KeySlot(0, DataCipher.AES_256_GCM, ciphers, new byte[DataKeys.KEY2_BYTES], true, 0));
        assertNull(other.sending(0));
        other.install(one, 100, 1000);
        assertSame(one, other.sending(60), "the deferral yields when there is no other key");
    }

    @Test
    void shouldLeaveTheOldestKeyWhenAThirdComesBehindTheDeferral() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        table.install(two, 300, 2000);
        assertNull(table.receiving(0));
        assertSame(one, table.sending(299));
        assertSame(two, table.sending(300));
    }

    @Test
    void shouldKeepTheTwoNewestKeysAsThePeerDoes() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        table.install(two, 160, 2000);
        assertNull(table.receiving(0));
        assertSame(one, table.sending(159));
        assertSame(two, table.sending(160));
        assertSame(one, table.receiving(1));
    }

    @Test
    void shouldSendWithTheNewKeyAsSoonAsThePeerIsKnownToHaveIt() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        table.peerHasCurrent();
        assertSame(one, table.sending(51));
    }

    @Test
    void shouldComeBackAsARecordHadIt() {
        table.restore(one, zero, 100, 1000);
        assertSame(zero, table.sending(99));
        assertSame(one, table.sending(100));
        table.expire(1000);
        assertEquals(List.of(one), table.all());

        var alone = new SlotTable();
        alone.restore(two, null, 100, 1000);
        assertSame(two, alone.sending(0));
        alone.expire(Long.MAX_VALUE);
        assertSame(two, alone.current());
    }

    @Test
    void shouldCloseEveryKey() {
        table.installFirst(zero);
        table.install(one, 100, 1000);
        table.close();
        assertEquals(List.of(), table.all());
        assertNull(table.sending(0));
        assertEquals(2, ciphers.open, "key two is not the table's");
    }
}
