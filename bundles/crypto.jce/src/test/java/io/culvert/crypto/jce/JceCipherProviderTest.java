package io.culvert.crypto.jce;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JceCipherProviderTest {
    private final JceCipherProvider provider = new JceCipherProvider();

    @Test
    void shouldOfferEveryCipherOfTheJdk() {
        assertEquals(EnumSet.allOf(DataCipher.class), provider.ciphers());
    }

    /** NIST GCM test case 4 of McGrew and Viega, AES-128, 60 bytes of text and 20 of AAD. */
    @Test
    void shouldSealTheKnownGcmAnswer() {
        byte[] key = hex("feffe9928665731c6d6a8f9467308308");
        byte[] aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        byte[] text = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39");
        MemorySegment packet = Arena.ofAuto().allocate(20 + 16 + 60);
        MemorySegment.copy(aad, 0, packet, JAVA_BYTE, 0, 20);
        MemorySegment.copy(text, 0, packet, JAVA_BYTE, 36, 60);
        try (var aead = provider.openKey(DataCipher.AES_128_GCM, key, 0)) {
            aead.seal(packet, 0xcafebabe, 0xfacedbaddecaf888L, 0, 20, 36, 60, 20);
            assertArrayEquals(hex("5bc94fbc3221a5db94fae95ae7121a47"), packet.asSlice(20, 16).toArray(JAVA_BYTE));
            assertArrayEquals(
                    hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
                            + "1ba30b396a0aac973d58e091"),
                    packet.asSlice(36, 60).toArray(JAVA_BYTE));
            assertTrue(aead.open(packet, 0xcafebabe, 0xfacedbaddecaf888L, 0, 20, 36, 60, 20));
            assertArrayEquals(text, packet.asSlice(36, 60).toArray(JAVA_BYTE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseEveryFlippedBit(DataCipher cipher) {
        var random = new Random(1);
        byte[] key = new byte[cipher.keyBytes() + 3];
        random.nextBytes(key);
        byte[] clear = new byte[8 + 16 + 20];
        random.nextBytes(clear);
        MemorySegment packet = Arena.ofAuto().allocate(clear.length);
        try (var aead = provider.openKey(cipher, key, 3)) {
            MemorySegment.copy(clear, 0, packet, JAVA_BYTE, 0, clear.length);
            aead.seal(packet, 1, 2, 0, 8, 24, 20, 8);
            byte[] sealed = packet.toArray(JAVA_BYTE);
            for (int bit = 0; bit < sealed.length * 8; bit++) {
                byte[] forged = sealed.clone();
                forged[bit / 8] ^= (byte) (1 << bit % 8);
                assertFalse(aead.open(MemorySegment.ofArray(forged), 1, 2, 0, 8, 24, 20, 8), "bit " + bit);
            }
            assertFalse(aead.open(MemorySegment.ofArray(sealed.clone()), 1, 3, 0, 8, 24, 20, 8));
            assertTrue(aead.open(packet, 1, 2, 0, 8, 24, 20, 8));
            assertArrayEquals(
                    java.util.Arrays.copyOfRange(clear, 24, 44), packet.asSlice(24, 20).toArray(JAVA_BYTE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseToSealTwiceUnderOneNonce(DataCipher cipher) {
        MemorySegment packet = Arena.ofAuto().allocate(64);
        try (var aead = provider.openKey(cipher, new byte[32], 0)) {
            aead.seal(packet, 7, 7, 0, 8, 24, 20, 8);
            assertThrows(IllegalStateException.class, () -> aead.seal(packet, 7, 7, 0, 8, 24, 20, 8));
            aead.seal(packet, 8, 7, 0, 8, 24, 20, 8);
        }
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }
}
