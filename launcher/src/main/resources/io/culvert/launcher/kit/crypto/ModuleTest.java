package @package@;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.DataCipher;
import java.lang.annotation.Annotation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code io.culvert.testsupport.CipherContract} has all that a provider of every cipher has to do. */
class @Class@Test {
    @Test
    void shouldOpenWhatItSealedAndNothingElse() {
        try (var key = new @Class@(new Fixed(true)).openKey(DataCipher.AES_256_GCM, new byte[32], 0)) {
            var packet = MemorySegment.ofArray(new byte[8 + 16 + 40]);
            packet.set(ValueLayout.JAVA_BYTE, 30, (byte) 7);
            key.seal(packet, 1, 2, 0, 8, 24, 40, 8);
            assertTrue(key.open(packet, 1, 2, 0, 8, 24, 40, 8));
            assertEquals(7, packet.get(ValueLayout.JAVA_BYTE, 30));
            assertFalse(key.open(packet, 1, 3, 0, 8, 24, 40, 8));
        }
    }

    private record Fixed(boolean offer) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
