package io.culvert.log.syslog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SyslogFormatTest {
    private static final SyslogFormat FORMAT =
            new SyslogFormat(Facility.LOCAL4, "gate.example.org", "culvert", 8710, "culvert@32473", 2048);

    static LogRecord entry(LogRecord.Level level, long sequence, String thread, String message, Optional<String> trace) {
        return new LogRecord(
                sequence,
                Instant.parse("2003-10-11T22:14:15.003Z"),
                level,
                "io.culvert.tunnel.openvpn",
                "io.culvert.tunnel.openvpn.OpenVpnSession",
                thread,
                message,
                trace,
                "00000000000000ff");
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }

    @Test
    void shouldWriteAsciiWithoutAByteOrderMark() {
        var entry = entry(LogRecord.Level.INFO, 7, "main", "openvpn peer=alice: connected", Optional.empty());
        assertEquals(
                "<166>1 2003-10-11T22:14:15.003000Z gate.example.org culvert 8710 tunnel.openvpn "
                        + "[meta sequenceId=\"7\"][culvert@32473 run=\"00000000000000ff\" sequence=\"7\" "
                        + "module=\"io.culvert.tunnel.openvpn\" logger=\"io.culvert.tunnel.openvpn.OpenVpnSession\" thread=\"main\"] "
                        + "openvpn peer=alice: connected",
                text(FORMAT.message(entry)));
    }

    @Test
    void shouldMarkUtf8AndEscapeStructuredData() {
        var entry = entry(LogRecord.Level.ERROR, 1, "a\"b\\c]d\u0007\u00fc", "peer=J\u00fcrgen", Optional.of("E: x\n\tat y"));
        String text = text(FORMAT.message(entry));
        assertTrue(text.startsWith("<163>1 "), text);
        assertTrue(text.endsWith("thread=\"a\\\"b\\\\c\\]d?\u00fc\"] \ufeffpeer=J\u00fcrgen | E: x | at y"), text);
    }

    @Test
    void shouldCutAtTheLimitButNoCharacter() {
        var format = new SyslogFormat(Facility.DAEMON, "", "cul vert", 1, "culvert@32473", 480);
        for (int i = 0; i < 8; i++) {
            var entry = entry(LogRecord.Level.WARN, 1, "t", "x".repeat(i) + "\ud83d\ude00".repeat(500), Optional.empty());
            byte[] message = format.message(entry);
            assertTrue(message.length <= 480 && message.length > 476, "length " + message.length);
            String text = text(message);
            assertTrue(text.startsWith("<28>1 2003-10-11T22:14:15.003000Z - cul?vert 1 tunnel.openvpn "), text);
            assertEquals(-1, text.indexOf('\ufffd'));
        }
    }

    @Test
    void shouldLeaveStructuredDataOutBeforeTheMessage() {
        var format = new SyslogFormat(Facility.DAEMON, "h".repeat(255), "a".repeat(48), 1, "culvert@32473", 480);
        String text = text(format.message(entry(LogRecord.Level.WARN, 1, "t", "said", Optional.empty())));
        assertTrue(text.endsWith(" tunnel.openvpn - said"), text);
    }

    @Test
    void shouldLetTheSequenceIdBeginAgainAtItsEnd() {
        assertTrue(text(FORMAT.message(entry(LogRecord.Level.INFO, 1L << 31, "t", "x", Optional.empty())))
                .contains("[meta sequenceId=\"1\"]"));
    }

    @Test
    void shouldCountOctets() {
        assertArrayEquals("5 ab\u00fc\n".getBytes(StandardCharsets.UTF_8), SyslogWriter.counted("ab\u00fc\n".getBytes(StandardCharsets.UTF_8)));
    }
}
