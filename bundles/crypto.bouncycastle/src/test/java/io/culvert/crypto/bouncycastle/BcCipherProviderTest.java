package io.culvert.crypto.bouncycastle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.CipherContract;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BcCipherProviderTest extends CipherContract {
    private static final BcCipherProvider PROVIDER = new BcCipherProvider();

    /** What the library makes anew for a full packet, in bytes; the tables of GHASH alone would be 8 KiB. */
    private static final long MOST_ALLOCATED = 5_000;

    @Override
    protected CipherProvider provider() {
        return PROVIDER;
    }

    @ParameterizedTest
    @EnumSource
    void shouldUnderstandTheJdk(DataCipher cipher) {
        assertUnderstandEachOther(PROVIDER, new JceCipherProvider(), cipher);
    }

    @ParameterizedTest
    @EnumSource
    void shouldMakeTablesAndSchedulesOnceForAKey(DataCipher cipher) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined();
                AeadKey key = PROVIDER.openKey(cipher, new byte[32], 0)) {
            MemorySegment packet = arena.allocate(2048);
            long allocated = 0;
            for (int round = 0; round < 3; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    key.seal(packet, round, i, 0, 8, 24, 1400, 8);
                    assertTrue(key.open(packet, round, i, 0, 8, 24, 1400, 8));
                }
                allocated = (threads.getCurrentThreadAllocatedBytes() - before) / 2000;
            }
            assertTrue(allocated < MOST_ALLOCATED, allocated + " bytes a packet");
        }
    }

    @Test
    void shouldRefuseKeysThatAreTooShort() {
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> PROVIDER.openKey(DataCipher.AES_256_GCM, new byte[32], 1));
    }

    @Test
    void shouldRegisterNothingWithTheJdk() {
        try (AeadKey key = PROVIDER.openKey(DataCipher.AES_128_GCM, new byte[16], 0)) {
            key.seal(MemorySegment.ofArray(new byte[64]), 1, 1, 0, 8, 24, 20, 8);
        }
        List<String> names = Arrays.stream(Security.getProviders()).map(Provider::getName).toList();
        assertEquals(List.of(), names.stream().filter(name -> name.startsWith("BC")).toList());
        assertEquals(
                List.of(),
                Thread.getAllStackTraces().keySet().stream()
                        .map(Thread::getName)
                        .filter(name -> name.startsWith("BC"))
                        .toList());
    }
}
