package io.culvert.crypto.ipsecmb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Whether a provider's AES-GCM is the JDK's, by a packet of each kind of length: additional data, text and tag. */
final class JdkComparison {
    private static final int TAG = DataCipher.TAG_BYTES;
    private static final int NONCE = 12;

    /** Nothing, a part of a block, some blocks, and more than the widest implementation takes at once. */
    private static final int[] TEXT_LENGTHS = {0, 5, 64, 256, 300, 1400, 1401};

    /** Of OpenVPN's packets: a packet-id alone, an opcode and peer-id before one of 32 bits, and before one of 64. */
    private static final int[] AAD_LENGTHS = {4, 8, 12};

    private JdkComparison() {}

    static boolean agrees(CipherProvider provider, DataCipher cipher) {
        byte[] bytes = bytes(1, cipher.keyBytes());
        try (AeadKey key = provider.openKey(cipher, bytes, 0)) {
            var jdk = Cipher.getInstance("AES/GCM/NoPadding");
            var jdkKey = new SecretKeySpec(bytes, "AES");
            long nonce = 0;
            for (int textLength : TEXT_LENGTHS) {
                for (int aadLength : AAD_LENGTHS) {
                    // Neither side seals under a nonce again.
                    nonce++;
                    byte[] nonceBytes = ByteBuffer.allocate(NONCE).putLong(NONCE - Long.BYTES, nonce).array();
                    jdk.init(Cipher.ENCRYPT_MODE, jdkKey, new GCMParameterSpec(TAG * 8, nonceBytes));
                    if (!agree(jdk, key, nonce, bytes(2, aadLength), bytes(3, textLength))) {
                        return false;
                    }
                }
            }
            return true;
        } catch (GeneralSecurityException _) {
            return false;
        }
    }

    private static boolean agree(Cipher jdk, AeadKey key, long nonce, byte[] aad, byte[] text)
            throws GeneralSecurityException {
        jdk.updateAAD(aad);
        byte[] expected = jdk.doFinal(text);
        int tag = aad.length + text.length;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(tag + TAG);
            MemorySegment.copy(aad, 0, packet, JAVA_BYTE, 0, aad.length);
            MemorySegment.copy(text, 0, packet, JAVA_BYTE, aad.length, text.length);
            key.seal(packet, 0, nonce, 0, aad.length, aad.length, text.length, tag);
            boolean sealed = Arrays.equals(expected, packet.asSlice(aad.length).toArray(JAVA_BYTE));
            boolean opened = key.open(packet, 0, nonce, 0, aad.length, aad.length, text.length, tag);
            return sealed && opened && Arrays.equals(text, packet.asSlice(aad.length, text.length).toArray(JAVA_BYTE));
        }
    }

    private static byte[] bytes(int first, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + first);
        }
        return bytes;
    }
}
