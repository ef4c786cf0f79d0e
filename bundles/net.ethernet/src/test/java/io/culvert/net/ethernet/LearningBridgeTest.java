package io.culvert.net.ethernet;

import static io.culvert.net.ethernet.Frames.ALICE;
import static io.culvert.net.ethernet.Frames.BOB;
import static io.culvert.net.ethernet.Frames.BROADCAST;
import static io.culvert.net.ethernet.Frames.CAROL;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.api.config.ConfigException;
import io.culvert.api.net.FrameBridge;
import io.culvert.testsupport.TestPacket;
import io.culvert.wire.EthernetHeader;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LearningBridgeTest {
    private static final long SECOND = 1_000_000_000L;

    private long nowNs = -5 * SECOND;
    private final FrameBridge bridge = bridge(Map.of());

    private static FrameBridge bridge(Map<String, Object> given) {
        return new Ethernet(settings(given)).newBridge();
    }

    private static EthernetSettings settings(Map<String, Object> given) {
        return (EthernetSettings) Proxy.newProxyInstance(
                EthernetSettings.class.getClassLoader(),
                new Class<?>[] {EthernetSettings.class},
                (proxy, method, arguments) -> given.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    private int forward(long destination, long source, int port) {
        return bridge.forward(Frames.frame(destination, source), port, nowNs);
    }

    @Test
    void shouldFloodWhatIsForAnUnknownStationAndForwardToAKnownOne() {
        assertEquals(FrameBridge.FLOOD, forward(BOB, ALICE, 1));
        assertEquals(1, forward(ALICE, BOB, 2));
        assertEquals(2, forward(BOB, ALICE, 1));
        assertEquals(2, forward(BOB, CAROL, FrameBridge.TAP));
        assertEquals(FrameBridge.TAP, forward(CAROL, BOB, 2));
        assertEquals(3, bridge.stations());
    }

    @Test
    void shouldFloodBroadcastAndMulticast() {
        forward(BROADCAST, ALICE, 1);
        assertEquals(FrameBridge.FLOOD, forward(BROADCAST, BOB, 2));
        assertEquals(FrameBridge.FLOOD, forward(0x3333_0000_0001L, BOB, 2), "all nodes, RFC 2464 section 7");
        assertEquals(FrameBridge.FLOOD, forward(0x0180_C200_0010L, BOB, 2), "one behind the reserved ones");
    }

    @Test
    void shouldForwardNoReservedAddress() {
        for (int last = 0; last < 16; last++) {
            assertEquals(FrameBridge.FILTERED, forward(0x0180_C200_0000L + last, ALICE, 1));
        }
    }

    @Test
    void shouldFilterWhatIsWhereItCameFrom() {
        forward(BROADCAST, ALICE, 1);
        forward(BROADCAST, BOB, 1);
        assertEquals(FrameBridge.FILTERED, forward(ALICE, BOB, 1));
        assertEquals(FrameBridge.FILTERED, forward(BOB, BOB, 1));
    }

    @Test
    void shouldLearnNothingFromASourceThatIsNoStation() {
        assertEquals(FrameBridge.MALFORMED, forward(ALICE, BROADCAST, 1));
        assertEquals(FrameBridge.MALFORMED, forward(ALICE, 0x0100_5E00_0001L, 1));
        assertEquals(FrameBridge.MALFORMED, forward(ALICE, 0, 1));
        assertEquals(0, bridge.stations());
    }

    @Test
    void shouldFollowAStationThatMoves() {
        forward(BROADCAST, ALICE, 1);
        forward(BROADCAST, BOB, 2);
        assertEquals(1, forward(ALICE, BOB, 2));
        forward(BROADCAST, ALICE, 3);
        assertEquals(3, forward(ALICE, BOB, 2));
        assertEquals(2, bridge.stations());
    }

    @Test
    void shouldForgetAStationThatIsSilentForLongerThanTheAgeingTime() {
        forward(BROADCAST, ALICE, 1);
        nowNs += 299 * SECOND;
        assertEquals(1, forward(ALICE, BOB, 2));
        nowNs += 2 * SECOND;
        assertEquals(FrameBridge.FLOOD, forward(ALICE, BOB, 2));
        forward(BROADCAST, ALICE, 1);
        nowNs += 200 * SECOND;
        forward(BROADCAST, ALICE, 1);
        nowNs += 200 * SECOND;
        assertEquals(1, forward(ALICE, BOB, 2), "what is heard again is young again");
    }

    @Test
    void shouldForgetWhatWasBehindAPortThatIsClosed() {
        forward(BROADCAST, ALICE, 1);
        forward(BROADCAST, BOB, 2);
        bridge.portClosed(1);
        bridge.portClosed(77);
        assertEquals(FrameBridge.FLOOD, forward(ALICE, BOB, 2));
        assertEquals(2, forward(BOB, CAROL, 1), "the number is another's now");
    }

    @Test
    void shouldLetASessionUseOnlySoManyAddressesAtOnce() {
        FrameBridge small = bridge(Map.of("stationsPerSession", 2));
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BROADCAST, ALICE), 1, 0));
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BROADCAST, BOB), 1, 0));
        assertEquals(FrameBridge.ADDRESS_LIMIT, small.forward(Frames.frame(BROADCAST, CAROL), 1, 0));
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BROADCAST, CAROL), 2, 0), "another session may");
        assertEquals(FrameBridge.ADDRESS_LIMIT, small.forward(Frames.frame(BROADCAST, CAROL), 1, SECOND), "no moving in");
        assertEquals(2, small.forward(Frames.frame(CAROL, ALICE), 1, 200 * SECOND));
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BROADCAST, CAROL), 1, 301 * SECOND), "bob is too old");
        assertEquals(FrameBridge.ADDRESS_LIMIT, small.forward(Frames.frame(BROADCAST, BOB), 1, 301 * SECOND));
    }

    @Test
    void shouldCarryWhatItCannotRememberOfTheTap() {
        FrameBridge small = bridge(Map.of("stationsOfTap", 1));
        small.forward(Frames.frame(BROADCAST, ALICE), FrameBridge.TAP, 0);
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BROADCAST, BOB), FrameBridge.TAP, 0));
        assertEquals(FrameBridge.FLOOD, small.forward(Frames.frame(BOB, CAROL), 1, 0));
        assertEquals(1, small.forward(Frames.frame(CAROL, BOB), FrameBridge.TAP, 0));
    }

    @Test
    void shouldLetNobodyBeTheAppliance() {
        forward(BROADCAST, ALICE, 1);
        bridge.own(ALICE);
        assertEquals(FrameBridge.SPOOFED, forward(BROADCAST, ALICE, 1));
        bridge.portClosed(1);
        nowNs += 10_000 * SECOND;
        assertEquals(FrameBridge.TAP, forward(ALICE, BOB, 2), "it does not age");
        assertEquals(FrameBridge.FLOOD, forward(BROADCAST, ALICE, FrameBridge.TAP));
    }

    @Test
    void shouldLeaveFramesAsTheyAre() {
        byte[] tagged = Frames.bytes(BOB, ALICE);
        tagged[12] = (byte) 0x81;
        tagged[13] = 0;
        tagged[15] = 7;
        var frame = TestPacket.exactly(tagged.clone());
        assertEquals(FrameBridge.FLOOD, bridge.forward(frame, 1, nowNs));
        assertArrayEquals(tagged, frame.bytes());
        assertEquals(1, forward(ALICE, BOB, 2), "its VLAN makes no other station of it");
    }

    @Test
    void shouldRefuseEveryTruncationOfTheHeader() {
        byte[] whole = Frames.bytes(BOB, ALICE);
        for (int length = 0; length < EthernetHeader.LENGTH; length++) {
            assertEquals(
                    FrameBridge.MALFORMED,
                    bridge.forward(TestPacket.exactly(Arrays.copyOf(whole, length)), 1, nowNs),
                    "length " + length);
        }
    }

    @Test
    void shouldNameASettingThatIsOutOfRange() {
        for (String name : new String[] {"stationsPerSession", "stationsOfTap", "ageingSeconds"}) {
            var e = assertThrows(ConfigException.class, () -> new Ethernet(settings(Map.of(name, 0))));
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
    }

    /** Frames one behind the other: a byte for the port, one for the length, the bytes. */
    @FuzzTest
    void shouldAnswerAnyFrames(byte[] data) {
        FrameBridge fresh = bridge(Map.of("stationsPerSession", 3));
        fresh.own(ALICE);
        int at = 0;
        while (at + 2 <= data.length) {
            int port = data[at] & 7;
            int length = Math.min(data[at + 1] & 0xFF, data.length - at - 2);
            byte[] bytes = Arrays.copyOfRange(data, at + 2, at + 2 + length);
            var frame = TestPacket.exactly(bytes.clone());
            int to = fresh.forward(frame, port, (long) at * SECOND);
            assertTrue(to >= FrameBridge.SPOOFED && to < 8 && to != port, "port " + to);
            assertArrayEquals(bytes, frame.bytes());
            at += 2 + length;
        }
        assertTrue(fresh.stations() <= 1 + data.length);
    }
}
