package io.culvert.crypto.ipsecmb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class JdkComparisonTest {
    private static final int NONE = -1;

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "AES_.*")
    void shouldFindThatTheJdkAgreesWithItself(DataCipher cipher) {
        var provider = new Wrong(NONE, NONE, true);
        assertTrue(JdkComparison.agrees(provider, cipher));
        assertEquals(1, provider.opened);
        assertEquals(1, provider.closed);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 12})
    void shouldNoticeAWrongLengthOfAdditionalData(int length) {
        assertFalse(JdkComparison.agrees(new Wrong(length, NONE, true), DataCipher.AES_128_GCM));
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 64, 256, 300, 1400, 1401})
    void shouldNoticeAWrongLengthOfText(int length) {
        assertFalse(JdkComparison.agrees(new Wrong(NONE, length, true), DataCipher.AES_256_GCM));
    }

    @Test
    void shouldNoticeAPacketThatIsNotOpened() {
        var provider = new Wrong(NONE, NONE, false);
        assertFalse(JdkComparison.agrees(provider, DataCipher.AES_192_GCM));
        assertEquals(1, provider.closed);
    }

    /** The JDK's ciphers, which leave out the last byte of additional data or of a text of one length. */
    private static final class Wrong implements CipherProvider {
        private final CipherProvider jdk = new JceCipherProvider();
        private final int wrongAad;
        private final int wrongText;
        private final boolean opens;
        private int opened;
        private int closed;

        Wrong(int wrongAad, int wrongText, boolean opens) {
            this.wrongAad = wrongAad;
            this.wrongText = wrongText;
            this.opens = opens;
        }

        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public Set<DataCipher> ciphers() {
            return jdk.ciphers();
        }

        @Override
        public AeadKey openKey(DataCipher cipher, byte[] bytes, int offset) {
            AeadKey key = jdk.openKey(cipher, bytes, offset);
            opened++;
            return new AeadKey() {
                @Override
                public void seal(
                        MemorySegment packet, int head, long tail, int aad, int aads, int text, int texts, int tag) {
                    key.seal(packet, head, tail, aad, part(aads, wrongAad), text, part(texts, wrongText), tag);
                }

                @Override
                public boolean open(
                        MemorySegment packet, int head, long tail, int aad, int aads, int text, int texts, int tag) {
                    int taken = part(aads, wrongAad);
                    return opens && key.open(packet, head, tail, aad, taken, text, part(texts, wrongText), tag);
                }

                @Override
                public void close() {
                    closed++;
                    key.close();
                }
            };
        }

        private static int part(int length, int wrong) {
            return length == wrong ? length - 1 : length;
        }
    }
}
