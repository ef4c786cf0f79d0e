package io.culvert.auth.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HashFormatsTest {
    private final HashFormats all = new HashFormats(HashFormats.NAMES);
    private final HashFormats usual = new HashFormats(List.of("argon2", "bcrypt", "pbkdf2"));

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Argon2: test.c of the reference implementation. bcrypt: the test vectors of OpenBSD as jBCrypt has them. The
     * others: hashlib of Python over the salt "saltsaltsalt".
     */
    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
        "password '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'",
        "a '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'",
        "abc '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'",
        "'correct horse' 'pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY='",
        "'correct horse' '$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0$oSKce4SGrSKsJabCWZfpe2MmVOPtl4paOjoD1njLdjo3le9sMBwq0q7ivJFcrXSTMQ0HjlOn/J48J9WZe4uR0g'",
        "'correct horse' '$pbkdf2$1000$c2FsdHNhbHRzYWx0$JfNU29qvQkW1UgahO6OQ0oP6O0I'",
        "'correct horse' '{SSHA}YyEzs6ImsU1YCat3itUMEOXBxBJzYWx0c2FsdHNhbHQ='",
        "'correct horse' '{SSHA256}g7pbX6W5Wkold8Zgzb1k5fjGVpGNDCf9faJNMVTr3bRzYWx0c2FsdHNhbHQ='",
        "'correct horse' '{SSHA512}wubETsBLUkdA8YhllItOiVnq5vju3IomjkYfpjX2ElbiG8Z0MqfqXCSOtEODPK1eih3eRPQRJvZ/u5TFhojR6XNhbHRzYWx0c2FsdA=='",
        "'correct horse' 'correct horse'",
    })
    void shouldMatchThePasswordAlone(String password, String text) throws Exception {
        PasswordHash hash = all.parse(text);
        assertTrue(hash.matches(utf8(password)));
        assertFalse(hash.matches(utf8(password + "x")));
        assertFalse(hash.matches(new byte[0]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"secret", "", "{SSHA}c2FsdA==", "$6$salt$hash", "{CRYPT}x", "$1$x$y"})
    void shouldRefuseWhatIsNotAllowed(String text) {
        var e = assertThrows(HashFormats.UnusableException.class, () -> usual.parse(text));
        assertTrue(e.getMessage().contains("is not allowed"), e.getMessage());
        assertFalse(text.length() > 4 && e.getMessage().contains(text), "the message repeats what the table holds");
    }

    /** What begins as a hash is one, even where plain text is allowed: else the text of a hash would be a password. */
    @ParameterizedTest
    @ValueSource(strings = {
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2a$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "$2a$06$short",
        "pbkdf2_sha256$99999999$salt$cGJrZGYycGJrZGYycGJrZGYy",
        "pbkdf2_md5$1000$salt$cGJrZGYycGJrZGYycGJrZGYy",
        "{SSHA}c2FsdA==",
        "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "$6$salt$hash",
    })
    void shouldTakeNoBrokenHashForAPassword(String text) {
        assertThrows(HashFormats.UnusableException.class, () -> all.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "pbkdf2_sha256$1000$saltsaltsalt$F7o7+5VTVzFAO998X6s3AHrDsJVdMiIlgndIMe19NvY=",
        "{SSHA}YyEzs6ImsU1YCat3itUMEOXBxBJzYWx0c2FsdHNhbHQ=",
    })
    void shouldMakeADecoyOfTheSameKind(String text) throws Exception {
        PasswordHash hash = all.parse(text);
        PasswordHash decoy = hash.with(new byte[64]);
        assertSame(hash.getClass(), decoy.getClass());
        assertFalse(decoy.matches(utf8("a")));
        assertFalse(decoy.matches(utf8("correct horse")));
    }

    @Test
    void shouldShowNoHash() throws Exception {
        assertEquals("Plain[redacted]", all.parse("correct horse").toString());
    }
}
