package io.culvert.auth.totp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TotpTest {
    private static final byte[] SECRET = "12345678901234567890".getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @CsvSource({
        "59, 94287082", "1111111109, 07081804", "1111111111, 14050471", "1234567890, 89005924", "2000000000, 69279037",
        "20000000000, 65353130"
    })
    void shouldGiveTheCodesOfRfc6238(long seconds, String code) {
        var totp = new Totp(8, 30);
        assertEquals(code, new String(totp.code(SECRET, totp.counter(seconds)), StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @CsvSource({"'', ''", "f, MY", "fo, MZXQ", "foo, MZXW6", "foob, MZXW6YQ", "fooba, MZXW6YTB", "foobar, MZXW6YTBOI"})
    void shouldWriteBase32OfRfc4648(String text, String base32) {
        assertEquals(base32, Totp.base32(text.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void shouldFindTheCodeBehindAPassword() {
        var totp = new Totp(6, 30);
        assertEquals(4, totp.codeStart("pass123456".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(0, totp.codeStart("123456".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(-1, totp.codeStart("12345".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(-1, totp.codeStart("pass12345x".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void shouldDrawASquareQrCode() {
        String[] lines = TotpCommand.picture("otpauth://totp/Culvert:alice?secret=MZXW6YTBOI").split("\n");
        assertTrue(lines.length > 12);
        for (String line : lines) {
            assertEquals(lines[0].length(), line.length());
        }
    }
}
