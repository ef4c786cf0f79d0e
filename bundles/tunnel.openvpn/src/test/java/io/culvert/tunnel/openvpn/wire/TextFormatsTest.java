package io.culvert.tunnel.openvpn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options strings, peer info, control messages and early negotiation. */
class TextFormatsTest {
    // ---- options string

    @Test
    void shouldMirrorTheClientsOptions() {
        assertEquals(
                "V4,dev-type tun,proto TCPv4_SERVER,auth SHA256,keydir 0,key-method 2,tls-server",
                OptionsString.mirrored(
                        "V4,dev-type tun,proto TCPv4_CLIENT,auth SHA256,keydir 1,key-method 2,tls-client"));
    }

    @Test
    void shouldHaveOptionsOfItsOwnForAClientWithout() {
        assertTrue(OptionsString.mirrored("").startsWith("V4,"));
        assertTrue(OptionsString.mirrored("").endsWith(",tls-server"));
    }

    @Test
    void shouldFindTheCipherOfAClientThatDoesNotNegotiate() {
        assertEquals(Optional.of("AES-256-CBC"), OptionsString.cipher("V4,cipher AES-256-CBC,auth SHA1"));
        assertEquals(Optional.empty(), OptionsString.cipher("V4,auth SHA1"));
        assertEquals(Optional.empty(), OptionsString.cipher(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mtu-dynamic"})
    void shouldNameTheFramingThatItRefuses(String framing) {
        assertEquals(Optional.of(framing), OptionsString.refusedFraming("V4," + framing + ",tls-client"));
        assertEquals(Optional.empty(), OptionsString.refusedFraming("V4,dev-type tun,tls-client"));
    }

    // ---- peer info

    @Test
    void shouldReadVariablesInOrderAndLeaveOtherLinesOut() {
        PeerInfo info = PeerInfo.parse("IV_VER=2.6.14\nnonsense\n=x\nbad name=1\nIV_PLAT=linux\nUV_A=b=c\n");
        assertEquals(List.of("IV_VER", "IV_PLAT", "UV_A"), List.copyOf(info.variables().keySet()));
        assertEquals("b=c", info.variables().get("UV_A"));
        assertEquals("OpenVPN 2.6.14 on linux", info.client());
    }

    @Test
    void shouldReplaceCharactersThatCouldDeceiveAReader() {
        assertEquals(
                Map.of("IV_GUI_VER", "a__b__c"), PeerInfo.parse("IV_GUI_VER=a\r\u0007b$`c").variables());
        assertEquals(
                Map.of("IV_GUI_VER", "a_b_c_\u00e9"),
                PeerInfo.parse("IV_GUI_VER=a\u009bb\u202ec\u2028\u00e9").variables());
    }

    @Test
    void shouldBoundHowManyVariablesAPeerMaySet() {
        String many = IntStream.range(0, 1000).mapToObj(i -> "UV_" + i + "=x").collect(Collectors.joining("\n"));
        assertEquals(64, PeerInfo.parse(many).variables().size());
        assertEquals(Map.of(), PeerInfo.parse("A".repeat(65) + "=x").variables());
    }

    @ParameterizedTest
    @CsvSource({"990, true", "8, true", "6, false", "0, false", "x, false", "99999999999, false"})
    void shouldReadTheProtocolBits(String value, boolean exports) {
        assertEquals(exports, PeerInfo.parse("IV_PROTO=" + value).has(PeerInfo.TLS_KEY_EXPORT));
        assertFalse(PeerInfo.parse("").has(PeerInfo.TLS_KEY_EXPORT));
    }

    @Test
    void shouldKnowTheCiphersThatAClientTakes() {
        assertEquals(
                List.of("AES-256-GCM", "CHACHA20-POLY1305"),
                PeerInfo.parse("IV_CIPHERS=AES-256-GCM:CHACHA20-POLY1305").ciphers());
        assertEquals(List.of("AES-256-GCM", "AES-128-GCM"), PeerInfo.parse("IV_NCP=2").ciphers());
        assertEquals(List.of(), PeerInfo.parse("IV_NCP=1").ciphers());
        assertEquals(List.of(), PeerInfo.parse("IV_CIPHERS=:").ciphers());
    }

    @Test
    void shouldWriteVariablesAsLines() {
        assertEquals("IV_VER=2.6\nIV_PROTO=2\n", PeerInfo.parse("IV_VER=2.6\nIV_PROTO=2").encoded());
    }

    // ---- control messages

    @Test
    void shouldReadSeveralMessagesOfOneRecord() {
        assertEquals(
                List.of("PUSH_REQUEST", "EXIT"),
                ControlMessage.parse("PUSH_REQUEST\0\0EXIT\r\n\0lost".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void shouldLeaveOutMessagesWithControlCharacters() {
        assertEquals(List.of("EXIT"), ControlMessage.parse("AU\nTH\0EXIT\0".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void shouldNotReadBeyondWhatStockPeersTakeAsOneMessage() {
        byte[] longest = ControlMessage.encode("x".repeat(ControlMessage.MAX_BYTES - 1));
        assertEquals(1, ControlMessage.parse(longest).size());
        assertThrows(
                IllegalArgumentException.class, () -> ControlMessage.encode("x".repeat(ControlMessage.MAX_BYTES)));
        byte[] tooLong = new byte[ControlMessage.MAX_BYTES + 1];
        java.util.Arrays.fill(tooLong, 0, ControlMessage.MAX_BYTES, (byte) 'x');
        assertEquals(List.of(), ControlMessage.parse(tooLong));
    }

    @Test
    void shouldTakeFromAReasonWhatWouldForgeAMessage() {
        assertEquals("a b c", ControlMessage.reason("a,b\0c\n"));
    }

    // ---- early negotiation

    @Test
    void shouldAskForTheWrappedKeyOnlyWithTheFlag() {
        assertTrue(EarlyNegotiation.asksForWrappedKey(EarlyNegotiation.resendWrappedKey()));
        for (String hex : new String[] {
            "", "00", "000100", "00010002", "0001000200", "000100020000", "0001000100", "000200020001", "0001ffff0001"
        }) {
            assertFalse(EarlyNegotiation.asksForWrappedKey(HexFormat.of().parseHex(hex)), hex);
        }
        assertTrue(EarlyNegotiation.asksForWrappedKey(HexFormat.of().parseHex("00090003aabbcc000100020003")));
    }

    @Test
    void shouldKnowTheMarkOfClientsThatSendTheirKeyAgain() {
        assertTrue(EarlyNegotiation.announcedBy(0x0F00_0001));
        assertFalse(EarlyNegotiation.announcedBy(0x1F00_0001));
        assertFalse(EarlyNegotiation.announcedBy(1));
        assertFalse(EarlyNegotiation.announcedBy(0xFF00_0001));
    }
}
