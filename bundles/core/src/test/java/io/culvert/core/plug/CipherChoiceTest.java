package io.culvert.core.plug;

import static io.culvert.api.crypto.DataCipher.AES_256_GCM;
import static io.culvert.api.crypto.DataCipher.CHACHA20_POLY1305;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

final class CipherChoiceTest {
    private static final long BUDGET_NS = 30_000_000;
    private static final Set<DataCipher> ALL = EnumSet.allOf(DataCipher.class);

    private long now;
    private int work;

    /** What is stored nowhere may not be made at all. */
    private volatile byte[] left = {};

    /** Works rightly, and takes as long as it says on the clock of this test. */
    private final class Timed implements CipherProvider {
        final String name;
        final Set<DataCipher> ciphers;
        long gcmNs;
        long chaChaNs;
        int garbage;
        boolean wrong;
        boolean fails;
        Runnable onWork = () -> {};

        Timed(String name, Set<DataCipher> ciphers, long gcmNs, long chaChaNs) {
            this.name = name;
            this.ciphers = ciphers;
            this.gcmNs = gcmNs;
            this.chaChaNs = chaChaNs;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Set<DataCipher> ciphers() {
            return ciphers;
        }

        @Override
        public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
            if (fails) {
                throw new IllegalStateException("has gone");
            }
            return new JdkKey(this, cipher, key.clone());
        }
    }

    private final class JdkKey implements AeadKey {
        private final Timed provider;
        private final DataCipher cipher;
        private final byte[] key;

        JdkKey(Timed provider, DataCipher cipher, byte[] key) {
            this.provider = provider;
            this.cipher = cipher;
            this.key = key;
        }

        private byte[] crypt(int mode, int head, long tail, byte[] aad, byte[] input) throws GeneralSecurityException {
            byte[] nonce = ByteBuffer.allocate(12).putInt(head).putLong(tail).array();
            boolean chaCha = cipher == CHACHA20_POLY1305;
            Cipher jdk = Cipher.getInstance(chaCha ? "ChaCha20-Poly1305" : "AES/GCM/NoPadding");
            jdk.init(
                    mode,
                    new SecretKeySpec(key, chaCha ? "ChaCha20" : "AES"),
                    chaCha ? new IvParameterSpec(nonce) : new GCMParameterSpec(128, nonce));
            jdk.updateAAD(aad);
            return jdk.doFinal(input);
        }

        private void elapse() {
            now += cipher == CHACHA20_POLY1305 ? provider.chaChaNs : provider.gcmNs;
            work++;
            if (provider.garbage > 0) {
                left = new byte[provider.garbage];
            }
            provider.onWork.run();
        }

        @Override
        public void seal(MemorySegment p, int head, long tail, int aad, int aadLength, int text, int length, int tag) {
            elapse();
            if (length == 1400) {
                return;
            }
            try {
                byte[] out = crypt(
                        Cipher.ENCRYPT_MODE,
                        head,
                        tail,
                        p.asSlice(aad, aadLength).toArray(JAVA_BYTE),
                        p.asSlice(text, length).toArray(JAVA_BYTE));
                if (provider.wrong) {
                    out[0] ^= 1;
                }
                MemorySegment.copy(out, 0, p, JAVA_BYTE, text, length);
                MemorySegment.copy(out, length, p, JAVA_BYTE, tag, 16);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public boolean open(
                MemorySegment p, int head, long tail, int aad, int aadLength, int text, int length, int tag) {
            elapse();
            if (length == 1400) {
                return true;
            }
            try {
                byte[] input = new byte[length + 16];
                MemorySegment.copy(p, JAVA_BYTE, text, input, 0, length);
                MemorySegment.copy(p, JAVA_BYTE, tag, input, length, 16);
                byte[] out = crypt(
                        Cipher.DECRYPT_MODE, head, tail, p.asSlice(aad, aadLength).toArray(JAVA_BYTE), input);
                MemorySegment.copy(out, 0, p, JAVA_BYTE, text, length);
                return true;
            } catch (GeneralSecurityException _) {
                return false;
            }
        }

        @Override
        public void close() {}
    }

    private final Timed jdk = new Timed("jce", ALL, 400, 900);
    private final Timed openssl = new Timed("openssl", ALL, 380, 500);

    private CipherChoice choice(Map<DataCipher, String> wishes) {
        return new CipherChoice(wishes, () -> now);
    }

    private static void assertServes(CipherProvider provider, DataCipher cipher, CipherChoice choice) {
        assertSame(provider, choice.provider(cipher).orElseThrow());
    }

    @Test
    void shouldTakeTheFirstUntilItIsMeasured() {
        CipherChoice choice = choice(Map.of());
        assertEquals(Optional.empty(), choice.provider(AES_256_GCM));
        assertFalse(choice.worthMeasuring());
        choice.offer(List.of(jdk, openssl));
        assertTrue(choice.worthMeasuring());
        assertServes(jdk, AES_256_GCM, choice);
        assertServes(jdk, CHACHA20_POLY1305, choice);
        assertEquals(List.copyOf(ALL), choice.ciphers());
    }

    @Test
    void shouldMoveWhatIsATenthFasterElsewhere() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk, openssl));
        assertTrue(choice.measure(BUDGET_NS));
        assertServes(jdk, AES_256_GCM, choice);
        assertServes(openssl, CHACHA20_POLY1305, choice);
        assertEquals(
                Map.of("provider", "openssl", "ns", Map.of("jce", 1800L, "openssl", 1000L)),
                choice.status().get("CHACHA20-POLY1305"));
        jdk.gcmNs = 430;
        assertTrue(choice.measure(BUDGET_NS));
        assertServes(openssl, AES_256_GCM, choice);
        jdk.gcmNs = 360;
        assertFalse(choice.measure(BUDGET_NS));
        jdk.gcmNs = 300;
        assertTrue(choice.measure(BUDGET_NS));
        assertServes(jdk, AES_256_GCM, choice);
    }

    @Test
    void shouldRatherTakeTheOneThatLeavesNoGarbage() {
        jdk.gcmNs = 300;
        jdk.garbage = 1000;
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(openssl, jdk));
        choice.measure(BUDGET_NS);
        assertServes(openssl, AES_256_GCM, choice);
        Object row = choice.status().get("AES-256-GCM");
        assertTrue(String.valueOf(row).matches("\\{provider=openssl, ns=\\{openssl=760, jce=600}, garbage=\\{jce=2\\d{3}}}"), row + "");
        openssl.gcmNs = 3000;
        choice.measure(BUDGET_NS);
        assertServes(jdk, AES_256_GCM, choice);
    }

    /** Of a few packets only, while the code that measures them is not compiled. */
    @Test
    void shouldCountNoGarbageOfItsOwn() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(openssl, jdk));
        choice.measure(DataCipher.values().length * 16L * 2 * openssl.gcmNs);
        assertEquals(
                Map.of("provider", "openssl", "ns", Map.of("jce", 800L, "openssl", 760L)),
                choice.status().get("AES-256-GCM"));
    }

    @Test
    void shouldKeepToItsBudget() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk, openssl));
        long start = now;
        choice.measure(BUDGET_NS);
        assertTrue(now - start < 2 * BUDGET_NS * 11 / 10, (now - start) + " ns");
        jdk.gcmNs = 5_000_000;
        start = now;
        choice.measure(BUDGET_NS);
        assertTrue(now - start < 3 * BUDGET_NS, (now - start) + " ns though the code is not compiled yet");
    }

    @Test
    void shouldNotMeasureWithoutARival() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk));
        int tested = work;
        assertFalse(choice.measure(BUDGET_NS));
        assertEquals(tested, work);
    }

    @Test
    void shouldTakeTheOneThatIsWishedAndAnotherWhileItIsNotThere() {
        CipherChoice choice = choice(Map.of(CHACHA20_POLY1305, "jce", AES_256_GCM, "openssl"));
        choice.offer(List.of(jdk));
        assertServes(jdk, AES_256_GCM, choice);
        choice.offer(List.of(jdk, openssl));
        choice.measure(BUDGET_NS);
        assertServes(openssl, AES_256_GCM, choice);
        assertServes(jdk, CHACHA20_POLY1305, choice);
        choice.offer(List.of(jdk));
        assertServes(jdk, AES_256_GCM, choice);
    }

    @Test
    void shouldFallBackWhenTheBestGoesAndKeepWhatServesWhenOneComes() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk, openssl));
        choice.measure(BUDGET_NS);
        choice.offer(List.of(jdk));
        assertServes(jdk, CHACHA20_POLY1305, choice);
        var again = new Timed("openssl", ALL, 380, 500);
        choice.offer(List.of(again, jdk));
        assertServes(jdk, CHACHA20_POLY1305, choice);
        assertTrue(choice.measure(BUDGET_NS));
        assertServes(again, CHACHA20_POLY1305, choice);
        choice.offer(List.of());
        assertEquals(List.of(), choice.ciphers());
    }

    @Test
    void shouldNotUseWhatGivesAWrongAnswer() {
        openssl.wrong = true;
        CipherChoice choice = choice(Map.of(AES_256_GCM, "openssl"));
        choice.offer(List.of(openssl, jdk));
        assertServes(jdk, AES_256_GCM, choice);
        choice.offer(List.of(openssl));
        assertEquals(List.of(), choice.ciphers());
    }

    @Test
    void shouldServeEachCipherFromAProviderThatHasIt() {
        var few = new Timed("few", EnumSet.of(CHACHA20_POLY1305), 1, 1);
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(few, jdk));
        choice.measure(BUDGET_NS);
        assertServes(jdk, AES_256_GCM, choice);
        assertServes(few, CHACHA20_POLY1305, choice);
    }

    @Test
    void shouldLeaveAProviderThatGoesWhileItIsMeasured() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk, openssl));
        int tested = work;
        openssl.onWork = () -> choice.offer(List.of(jdk));
        choice.measure(BUDGET_NS);
        assertServes(jdk, CHACHA20_POLY1305, choice);
        assertTrue(work - tested < 4 * BUDGET_NS / 2 / 400, "it stops at once");
    }

    @Test
    void shouldGoOnWithOneThatCannotBeMeasured() {
        CipherChoice choice = choice(Map.of());
        choice.offer(List.of(jdk, openssl));
        openssl.fails = true;
        assertFalse(choice.measure(BUDGET_NS));
        assertServes(jdk, CHACHA20_POLY1305, choice);
    }
}
