package io.culvert.auth.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Argon2HashTest {
    private static final Argon2Hash.Cost CHEAP = new Argon2Hash.Cost(64, 1, 1);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void shouldMatchItsPasswordAlone() {
        Argon2Hash hash = Argon2Hash.of(bytes("pässword"), CHEAP, new SecureRandom());
        assertTrue(hash.matches(bytes("pässword")));
        assertFalse(hash.matches(bytes("passwort")));
        assertFalse(hash.matches(new byte[0]));
        assertTrue(Argon2Hash.parse(hash.text()).orElseThrow().matches(bytes("pässword")));
        assertEquals(hash.text(), Argon2Hash.parse(hash.text()).orElseThrow().text());
    }

    @Test
    void shouldBeSaltedAndSilent() {
        Argon2Hash one = Argon2Hash.of(bytes("secret"), CHEAP, new SecureRandom());
        assertNotEquals(one.text(), Argon2Hash.of(bytes("secret"), CHEAP, new SecureRandom()).text());
        assertEquals("Argon2Hash[redacted]", one.toString());
    }

    /** Test vectors of the reference implementation (test.c, version 0x13, argon2id). */
    @ParameterizedTest
    @ValueSource(strings = {
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
    })
    void shouldAgreeWithTheReferenceImplementation(String text) {
        assertTrue(Argon2Hash.parse(text).orElseThrow().matches(bytes("password")));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "",
        "password",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
    })
    void shouldRefuseTextsThatAreNoHash(String text) {
        assertTrue(Argon2Hash.parse(text).isEmpty());
    }
}
