package io.culvert.auth.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SystemArgon2Test {
    @BeforeEach
    void needsTheLibrary() {
        assumeTrue(SystemArgon2.isThere(), "needs libargon2.so.1: apt install libargon2-1");
    }

    @ParameterizedTest
    @CsvSource({"'', 8, 1, 1", "a, 64, 1, 1", "correct horse, 19456, 2, 1", "pässword, 4096, 3, 4"})
    void shouldAgreeWithTheOneInJava(String password, int memory, int iterations, int lanes) {
        var cost = new Argon2Hash.Cost(memory, iterations, lanes);
        byte[] secret = password.getBytes(StandardCharsets.UTF_8);
        byte[] salt = new byte[16];
        new Random(memory).nextBytes(salt);
        assertArrayEquals(
                Argon2Hash.inJava(secret, cost, salt, 32),
                SystemArgon2.hash(secret, cost, salt, 32).orElseThrow());
    }

    @Test
    void shouldLeaveWhatItCannotDoToTheOneInJava() {
        var tooLittle = new Argon2Hash.Cost(1, 1, 1);
        assertEquals(Optional.empty(), SystemArgon2.hash(new byte[1], tooLittle, new byte[16], 32));
    }

    @Test
    void shouldTakeNothingOfTheHeap() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var cost = new Argon2Hash.Cost(19_456, 2, 1);
        SystemArgon2.hash(new byte[8], cost, new byte[16], 32);
        long before = threads.getCurrentThreadAllocatedBytes();
        SystemArgon2.hash(new byte[8], cost, new byte[16], 32);
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(taken < 64 << 10, taken + " bytes");
    }
}
