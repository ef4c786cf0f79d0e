package @package@;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.status.HealthCheck;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** AES-256-GCM of the JDK, in the plainest way. Replace that by your own library. */
@Component(
        service = {CipherProvider.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements CipherProvider, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "Whether its cipher is offered.")
        boolean offer() default true;
    }

    private final boolean offer;
    private final LongAdder keys = new LongAdder();

    @Activate
    public @Class@(Settings settings) {
        offer = settings.offer();
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return offer ? Set.of(DataCipher.AES_256_GCM) : Set.of();
    }

    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        keys.increment();
        return new Key(Arrays.copyOfRange(key, offset, offset + cipher.keyBytes()));
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("keys", keys.sum());
    }

    private record Key(byte[] bytes) implements AeadKey {
        private static final int TAG = DataCipher.TAG_BYTES;

        @Override
        public void seal(MemorySegment packet, int nonceHead, long nonceTail, int aadOffset, int aadLength,
                int textOffset, int textLength, int tagOffset) {
            try {
                byte[] text = bytes(packet, textOffset, textLength);
                byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonceHead, nonceTail, bytes(packet, aadOffset, aadLength))
                        .doFinal(text);
                MemorySegment.copy(sealed, 0, packet, JAVA_BYTE, textOffset, textLength);
                MemorySegment.copy(sealed, textLength, packet, JAVA_BYTE, tagOffset, TAG);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("sealing failed", e);
            }
        }

        @Override
        public boolean open(MemorySegment packet, int nonceHead, long nonceTail, int aadOffset, int aadLength,
                int textOffset, int textLength, int tagOffset) {
            try {
                byte[] sealed = Arrays.copyOf(bytes(packet, textOffset, textLength), textLength + TAG);
                MemorySegment.copy(packet, JAVA_BYTE, tagOffset, sealed, textLength, TAG);
                byte[] text = cipher(Cipher.DECRYPT_MODE, nonceHead, nonceTail, bytes(packet, aadOffset, aadLength))
                        .doFinal(sealed);
                MemorySegment.copy(text, 0, packet, JAVA_BYTE, textOffset, textLength);
                return true;
            } catch (AEADBadTagException _) {
                return false;
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("opening failed", e);
            }
        }

        private Cipher cipher(int mode, int nonceHead, long nonceTail, byte[] aad) throws GeneralSecurityException {
            var cipher = Cipher.getInstance("AES/GCM/NoPadding");
            byte[] nonce = ByteBuffer.allocate(12).putInt(nonceHead).putLong(nonceTail).array();
            cipher.init(mode, new SecretKeySpec(bytes, "AES"), new GCMParameterSpec(TAG * 8, nonce));
            cipher.updateAAD(aad);
            return cipher;
        }

        private static byte[] bytes(MemorySegment packet, int offset, int length) {
            return packet.asSlice(offset, length).toArray(JAVA_BYTE);
        }

        @Override
        public void close() {
            Arrays.fill(bytes, (byte) 0);
        }

        @Override
        public String toString() {
            return "Key[redacted]";
        }
    }
}
