package io.culvert.testsupport;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every provider of data-channel ciphers has to do. A provider's test extends it. */
@TestInstance(Lifecycle.PER_CLASS)
public abstract class CipherContract {
    private static final int TAG = DataCipher.TAG_BYTES;

    /** The same each time. */
    protected abstract CipherProvider provider();

    /** What it has to have. */
    protected Set<DataCipher> ciphers() {
        return EnumSet.allOf(DataCipher.class);
    }

    @Test
    void shouldOfferItsCiphers() {
        assertEquals(ciphers(), provider().ciphers());
    }

    @Test
    void shouldRefuseKeysOfOtherCiphers() {
        for (DataCipher cipher : EnumSet.complementOf(EnumSet.copyOf(ciphers()))) {
            assertThrows(IllegalArgumentException.class, () -> provider().openKey(cipher, new byte[32], 0));
        }
    }

    /** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: test cases 4, 10 and 16. */
    @ParameterizedTest
    @CsvSource({
        "AES_128_GCM,feffe9928665731c6d6a8f9467308308,"
                + "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
                + "1ba30b396a0aac973d58e091,5bc94fbc3221a5db94fae95ae7121a47",
        "AES_192_GCM,feffe9928665731c6d6a8f9467308308feffe9928665731c,"
                + "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47"
                + "18e2448b2fe324d9ccda2710,2519498e80f1478f37ba55bd6d27618c",
        "AES_256_GCM,feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308,"
                + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662,76fc6ece0f4e1768cddf8853bb2d551b"
    })
    void shouldGiveTheKnownGcmAnswer(DataCipher cipher, String key, String ciphertext, String tag) {
        byte[] text = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39");
        byte[] aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        byte[] nonce = hex("cafebabefacedbaddecaf888");
        assertKnown(cipher, hex(key), nonce, aad, text, hex(ciphertext), hex(tag));
    }

    /** RFC 8439, section 2.8.2. */
    @Test
    void shouldGiveTheKnownChaChaAnswer() {
        if (!ciphers().contains(DataCipher.CHACHA20_POLY1305)) {
            return;
        }
        byte[] text = ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                        + "sunscreen would be it.")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
        byte[] ciphertext = hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
                + "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                + "3ff4def08e4b7a9de576d26586cec64b6116");
        assertKnown(
                DataCipher.CHACHA20_POLY1305,
                key,
                hex("070000004041424344454647"),
                hex("50515253c0c1c2c3c4c5c6c7"),
                text,
                ciphertext,
                hex("1ae10b594f09e26a7e902ecbd0600691"));
    }

    private void assertKnown(
            DataCipher cipher, byte[] key, byte[] nonce, byte[] aad, byte[] text, byte[] ciphertext, byte[] tag) {
        try (Arena arena = Arena.ofConfined();
                AeadKey aead = provider().openKey(cipher, key, 0)) {
            MemorySegment packet = packet(arena, aad, tag, ciphertext);
            assertTrue(open(aead, packet, nonce, aad.length, text.length));
            assertArrayEquals(text, textOf(packet, aad.length));
            MemorySegment.copy(new byte[TAG], 0, packet, JAVA_BYTE, aad.length, TAG);
            seal(aead, packet, nonce, aad.length, text.length);
            assertArrayEquals(packet(arena, aad, tag, ciphertext).toArray(JAVA_BYTE), packet.toArray(JAVA_BYTE));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"aes_gcm", "chacha20_poly1305"})
    void shouldAnswerWycheproof(String name) throws IOException {
        if (name.startsWith("chacha") && !ciphers().contains(DataCipher.CHACHA20_POLY1305)) {
            return;
        }
        int cases = 0;
        for (String line : lines("wycheproof/" + name + ".txt")) {
            String[] each = line.split(",", -1);
            byte[] key = hex(each[1]);
            byte[] nonce = hex(each[2]);
            byte[] aad = hex(each[3]);
            byte[] text = hex(each[4]);
            boolean valid = each[7].equals("valid");
            DataCipher cipher = name.startsWith("chacha") ? DataCipher.CHACHA20_POLY1305 : gcm(key.length);
            try (Arena arena = Arena.ofConfined();
                    AeadKey aead = provider().openKey(cipher, key, 0)) {
                MemorySegment packet = packet(arena, aad, hex(each[6]), hex(each[5]));
                byte[] sealed = packet.toArray(JAVA_BYTE);
                int length = sealed.length - aad.length - TAG;
                assertEquals(valid, open(aead, packet, nonce, aad.length, length), "case " + each[0]);
                if (valid) {
                    assertArrayEquals(text, textOf(packet, aad.length), "case " + each[0]);
                    seal(aead, packet, nonce, aad.length, length);
                    assertArrayEquals(sealed, packet.toArray(JAVA_BYTE), "case " + each[0]);
                }
            }
            cases++;
        }
        assertTrue(cases > 100, cases + " cases");
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldRefuseEveryFlippedBit(DataCipher cipher) {
        var random = new Random(1);
        byte[] key = new byte[cipher.keyBytes() + 3];
        random.nextBytes(key);
        byte[] clear = new byte[8 + TAG + 20];
        random.nextBytes(clear);
        try (Arena arena = Arena.ofConfined();
                AeadKey aead = provider().openKey(cipher, key, 3)) {
            MemorySegment packet = arena.allocate(clear.length);
            packet.copyFrom(MemorySegment.ofArray(clear));
            aead.seal(packet, 1, 2, 0, 8, 24, 20, 8);
            byte[] sealed = packet.toArray(JAVA_BYTE);
            for (int bit = 0; bit < sealed.length * 8; bit++) {
                packet.copyFrom(MemorySegment.ofArray(sealed));
                packet.set(JAVA_BYTE, bit / 8, (byte) (sealed[bit / 8] ^ 1 << bit % 8));
                assertFalse(aead.open(packet, 1, 2, 0, 8, 24, 20, 8), "bit " + bit);
            }
            packet.copyFrom(MemorySegment.ofArray(sealed));
            assertFalse(aead.open(packet, 1, 3, 0, 8, 24, 20, 8), "another nonce");
            packet.copyFrom(MemorySegment.ofArray(sealed));
            assertFalse(aead.open(packet, 1, 2, 0, 7, 24, 20, 8), "less of the additional data");
            packet.copyFrom(MemorySegment.ofArray(sealed));
            assertFalse(aead.open(packet, 1, 2, 0, 8, 24, 19, 8), "less text");
            packet.copyFrom(MemorySegment.ofArray(sealed));
            assertTrue(aead.open(packet, 1, 2, 0, 8, 24, 20, 8));
            assertArrayEquals(Arrays.copyOfRange(clear, 24, 44), textOf(packet, 8));
        }
    }

    /** A key that does both is what a self-test has; sessions have one for each direction. */
    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldSealAndOpenInTurns(DataCipher cipher) {
        try (Arena arena = Arena.ofConfined();
                AeadKey mine = provider().openKey(cipher, new byte[32], 0);
                AeadKey other = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(8 + TAG + 100);
            for (int i = 0; i < 20; i++) {
                AeadKey sealing = i % 3 == 0 ? mine : other;
                AeadKey opening = i % 2 == 0 ? mine : other;
                packet.fill((byte) i);
                sealing.seal(packet, i, 1, 0, 8, 24, 100, 8);
                assertTrue(opening.open(packet, i, 1, 0, 8, 24, 100, 8));
                byte[] text = new byte[100];
                Arrays.fill(text, (byte) i);
                assertArrayEquals(text, textOf(packet, 8));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldWorkOnTheHeapToo(DataCipher cipher) {
        try (AeadKey aead = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = MemorySegment.ofArray(new byte[8 + TAG + 20]);
            aead.seal(packet, 1, 2, 0, 8, 24, 20, 8);
            assertTrue(aead.open(packet, 1, 2, 0, 8, 24, 20, 8));
            assertArrayEquals(new byte[20], textOf(packet, 8));
        }
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldTouchNothingBesideTheTextAndTheTag(DataCipher cipher) {
        try (Arena arena = Arena.ofConfined();
                AeadKey aead = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(200);
            packet.fill((byte) 7);
            aead.seal(packet, 1, 2, 50, 8, 100, 33, 70);
            packet.asSlice(100, 33).fill((byte) 7);
            packet.asSlice(70, TAG).fill((byte) 7);
            byte[] sevens = new byte[200];
            Arrays.fill(sevens, (byte) 7);
            assertArrayEquals(sevens, packet.toArray(JAVA_BYTE));
        }
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldRefuseToSealTwiceUnderOneNonce(DataCipher cipher) {
        try (Arena arena = Arena.ofConfined();
                AeadKey aead = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(64);
            aead.seal(packet, 7, 7, 0, 8, 24, 20, 8);
            assertThrows(IllegalStateException.class, () -> aead.seal(packet, 7, 7, 0, 8, 24, 20, 8));
            aead.seal(packet, 8, 7, 0, 8, 24, 20, 8);
        }
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldRefuseWhatLiesOutsideOfThePacket(DataCipher cipher) {
        try (Arena arena = Arena.ofConfined();
                AeadKey aead = provider().openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(64);
            int nonce = 0;
            for (int[] bad : new int[][] {
                {-1, 8, 24, 20, 8}, {60, 8, 24, 20, 8}, {0, -1, 24, 20, 8}, {0, 8, 45, 20, 8}, {0, 8, -1, 20, 8},
                {0, 8, 24, -1, 8}, {0, 8, 24, 20, 49}, {0, 8, 24, 20, -1}, {0, 8, 1, Integer.MAX_VALUE, 8}
            }) {
                int head = nonce++;
                assertThrows(
                        RuntimeException.class,
                        () -> aead.seal(packet, head, 0, bad[0], bad[1], bad[2], bad[3], bad[4]),
                        Arrays.toString(bad));
                assertThrows(
                        RuntimeException.class,
                        () -> aead.open(packet, head, 0, bad[0], bad[1], bad[2], bad[3], bad[4]),
                        Arrays.toString(bad));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void shouldRefuseToWorkWhenClosed(DataCipher cipher) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(64);
            AeadKey aead = provider().openKey(cipher, new byte[32], 0);
            aead.close();
            aead.close();
            assertThrows(IllegalStateException.class, () -> aead.seal(packet, 7, 7, 0, 8, 24, 20, 8));
            assertThrows(IllegalStateException.class, () -> aead.open(packet, 7, 7, 0, 8, 24, 20, 8));
        }
    }

    /** What one seals the other opens, at many lengths and places. */
    protected static void assertUnderstandEachOther(CipherProvider provider, CipherProvider other, DataCipher cipher) {
        var random = new Random(2);
        byte[] bytes = new byte[cipher.keyBytes()];
        random.nextBytes(bytes);
        try (Arena arena = Arena.ofConfined();
                AeadKey ours = provider.openKey(cipher, bytes, 0);
                AeadKey theirs = other.openKey(cipher, bytes, 0)) {
            MemorySegment packet = arena.allocate(9100);
            byte[] clear = new byte[9100];
            random.nextBytes(clear);
            int nonce = 0;
            for (int length : new int[] {0, 1, 15, 16, 17, 31, 33, 63, 64, 255, 256, 257, 1400, 4096, 9000}) {
                for (int shift = 0; shift < 17; shift++) {
                    int head = nonce++;
                    int aad = 4 + shift % 13;
                    int text = shift + aad + DataCipher.TAG_BYTES;
                    AeadKey sealing = head % 2 == 0 ? ours : theirs;
                    AeadKey opening = head % 2 == 0 ? theirs : ours;
                    packet.copyFrom(MemorySegment.ofArray(clear));
                    sealing.seal(packet, head, ~head, shift, aad, text, length, shift + aad);
                    assertTrue(opening.open(packet, head, ~head, shift, aad, text, length, shift + aad));
                    MemorySegment.copy(clear, shift + aad, packet, JAVA_BYTE, shift + aad, DataCipher.TAG_BYTES);
                    assertArrayEquals(clear, packet.toArray(JAVA_BYTE), "length " + length + " shift " + shift);
                }
            }
        }
    }

    // ---- a packet as |additional data|tag|text|

    private static MemorySegment packet(Arena arena, byte[] aad, byte[] tag, byte[] text) {
        MemorySegment packet = arena.allocate(aad.length + TAG + text.length);
        MemorySegment.copy(aad, 0, packet, JAVA_BYTE, 0, aad.length);
        MemorySegment.copy(tag, 0, packet, JAVA_BYTE, aad.length, TAG);
        MemorySegment.copy(text, 0, packet, JAVA_BYTE, aad.length + TAG, text.length);
        return packet;
    }

    private static byte[] textOf(MemorySegment packet, int aadLength) {
        return packet.asSlice(aadLength + TAG).toArray(JAVA_BYTE);
    }

    private static void seal(AeadKey key, MemorySegment packet, byte[] nonce, int aad, int text) {
        ByteBuffer n = ByteBuffer.wrap(nonce);
        key.seal(packet, n.getInt(0), n.getLong(4), 0, aad, aad + TAG, text, aad);
    }

    private static boolean open(AeadKey key, MemorySegment packet, byte[] nonce, int aad, int text) {
        ByteBuffer n = ByteBuffer.wrap(nonce);
        return key.open(packet, n.getInt(0), n.getLong(4), 0, aad, aad + TAG, text, aad);
    }

    private static DataCipher gcm(int keyBytes) {
        return switch (keyBytes) {
            case 16 -> DataCipher.AES_128_GCM;
            case 24 -> DataCipher.AES_192_GCM;
            default -> DataCipher.AES_256_GCM;
        };
    }

    private static List<String> lines(String resource) throws IOException {
        try (var in = CipherContract.class.getResourceAsStream(resource);
                var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            return reader.lines().filter(line -> !line.startsWith("#")).toList();
        }
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }
}
