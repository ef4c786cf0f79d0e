package io.culvert.crypto.support;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * One known answer for each cipher, both ways, and a forgery: test cases 4, 10 and 16 of McGrew and Viega's paper on
 * GCM, and RFC 8439 section 2.8.2.
 */
public final class KnownAnswers {
    private static final int TAG = DataCipher.TAG_BYTES;
    private static final String GCM_KEY = "feffe9928665731c6d6a8f9467308308";
    private static final byte[] GCM_TEXT =
            hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                    + "b16aedf5aa0de657ba637b39");

    private KnownAnswers() {}

    private record Answer(
            String key, int nonceHead, long nonceTail, byte[] aad, byte[] text, String ciphertext, String tag) {}

    /**
     * @throws IllegalStateException saying what is wrong
     * @throws RuntimeException of the provider
     */
    public static void check(CipherProvider provider, DataCipher cipher) {
        Answer answer = answer(cipher);
        int aad = answer.aad.length;
        int length = answer.text.length;
        int text = aad + TAG;
        try (Arena arena = Arena.ofConfined();
                AeadKey key = provider.openKey(cipher, hex(answer.key), 0)) {
            MemorySegment packet = arena.allocate(text + length);
            MemorySegment.copy(answer.aad, 0, packet, JAVA_BYTE, 0, aad);
            MemorySegment.copy(answer.text, 0, packet, JAVA_BYTE, text, length);
            key.seal(packet, answer.nonceHead, answer.nonceTail, 0, aad, text, length, aad);
            if (!Arrays.equals(packet.asSlice(text).toArray(JAVA_BYTE), hex(answer.ciphertext))
                    || !Arrays.equals(packet.asSlice(aad, TAG).toArray(JAVA_BYTE), hex(answer.tag))) {
                throw new IllegalStateException("seals wrongly");
            }
            byte[] sealed = packet.toArray(JAVA_BYTE);
            if (!key.open(packet, answer.nonceHead, answer.nonceTail, 0, aad, text, length, aad)
                    || !Arrays.equals(packet.asSlice(text).toArray(JAVA_BYTE), answer.text)) {
                throw new IllegalStateException("opens wrongly");
            }
            for (int place : new int[] {0, aad, text}) {
                packet.copyFrom(MemorySegment.ofArray(sealed));
                packet.set(JAVA_BYTE, place, (byte) (sealed[place] ^ 1));
                if (key.open(packet, answer.nonceHead, answer.nonceTail, 0, aad, text, length, aad)) {
                    throw new IllegalStateException("opens what was changed");
                }
            }
        }
    }

    private static Answer answer(DataCipher cipher) {
        return switch (cipher) {
            case AES_128_GCM -> gcm(
                    GCM_KEY,
                    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
                            + "1ba30b396a0aac973d58e091",
                    "5bc94fbc3221a5db94fae95ae7121a47");
            case AES_192_GCM -> gcm(
                    GCM_KEY + GCM_KEY.substring(0, 16),
                    "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47"
                            + "18e2448b2fe324d9ccda2710",
                    "2519498e80f1478f37ba55bd6d27618c");
            case AES_256_GCM -> gcm(
                    GCM_KEY + GCM_KEY,
                    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                            + "c5f61e6393ba7a0abcc9f662",
                    "76fc6ece0f4e1768cddf8853bb2d551b");
            case CHACHA20_POLY1305 -> new Answer(
                    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
                    0x07000000,
                    0x4041424344454647L,
                    hex("50515253c0c1c2c3c4c5c6c7"),
                    ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                                    + "sunscreen would be it.")
                            .getBytes(StandardCharsets.US_ASCII),
                    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
                            + "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
                            + "4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
                    "1ae10b594f09e26a7e902ecbd0600691");
        };
    }

    private static Answer gcm(String key, String ciphertext, String tag) {
        return new Answer(
                key,
                0xcafebabe,
                0xfacedbaddecaf888L,
                hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                GCM_TEXT,
                ciphertext,
                tag);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }
}
