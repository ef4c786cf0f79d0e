package io.culvert.it.perf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.ipsecmb.IpsecMbCipherProvider;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.crypto.openssl.OpenSslCipherProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code bench ciphers}: nanoseconds to seal and to open a packet, for each provider, cipher and size; the median of
 * {@value #ROUNDS} rounds. {@code bench ciphers memory} tells instead what an open key costs.
 */
final class CiphersBench {
    private static final int[] SIZES = {64, 512, 1400};
    private static final int AAD = 8;
    private static final int AT = AAD + DataCipher.TAG_BYTES;
    private static final int ROUNDS = 31;
    private static final int PACKETS = 2_000;
    private static final int WARM_UP = 200_000;
    private static final int KEYS = 10_000;

    private CiphersBench() {}

    static void run(String[] options) {
        var providers = new ArrayList<CipherProvider>(List.of(new JceCipherProvider()));
        OpenSslCipherProvider.load().ifPresent(providers::add);
        IpsecMbCipherProvider.load().ifPresent(providers::add);
        if (options.length == 1 && options[0].equals("memory")) {
            memory(providers);
        } else if (options.length == 0) {
            times(providers);
        } else {
            throw new IllegalArgumentException("ciphers: nothing or 'memory', not " + String.join(" ", options));
        }
    }

    private static void times(List<CipherProvider> providers) {
        System.out.printf("%-18s %-8s %6s %9s %9s%n", "cipher", "provider", "bytes", "seal ns", "open ns");
        for (DataCipher cipher : DataCipher.values()) {
            for (int size : SIZES) {
                for (CipherProvider provider : providers) {
                    if (provider.ciphers().contains(cipher)) {
                        long[] medians = times(provider, cipher, size);
                        System.out.printf(
                                "%-18s %-8s %6d %9d %9d%n", cipher, provider.name(), size, medians[0], medians[1]);
                    }
                }
            }
        }
    }

    /** As in a session: one key seals, another opens what a peer sealed. */
    private static long[] times(CipherProvider provider, DataCipher cipher, int size) {
        byte[] bytes = new byte[cipher.keyBytes()];
        try (Arena arena = Arena.ofConfined();
                AeadKey sealing = provider.openKey(cipher, bytes, 0);
                AeadKey opening = provider.openKey(cipher, bytes, 0)) {
            MemorySegment packets = arena.allocate((long) PACKETS * (AT + size), 64);
            MemorySegment[] each = new MemorySegment[PACKETS];
            for (int i = 0; i < PACKETS; i++) {
                each[i] = packets.asSlice((long) i * (AT + size), AT + size);
            }
            int nonce = 0;
            for (int i = 0; i < WARM_UP / PACKETS; i++, nonce++) {
                seal(sealing, each, nonce, size);
                open(opening, each, nonce, size);
            }
            long[] sealNs = new long[ROUNDS];
            long[] openNs = new long[ROUNDS];
            for (int i = 0; i < ROUNDS; i++, nonce++) {
                long start = System.nanoTime();
                seal(sealing, each, nonce, size);
                long half = System.nanoTime();
                open(opening, each, nonce, size);
                sealNs[i] = (half - start) / PACKETS;
                openNs[i] = (System.nanoTime() - half) / PACKETS;
            }
            Arrays.sort(sealNs);
            Arrays.sort(openNs);
            return new long[] {sealNs[ROUNDS / 2], openNs[ROUNDS / 2]};
        }
    }

    private static void seal(AeadKey key, MemorySegment[] packets, int head, int size) {
        for (int i = 0; i < PACKETS; i++) {
            key.seal(packets[i], head, i, 0, AAD, AT, size, AAD);
        }
    }

    private static void open(AeadKey key, MemorySegment[] packets, int head, int size) {
        for (int i = 0; i < PACKETS; i++) {
            if (!key.open(packets[i], head, i, 0, AAD, AT, size, AAD)) {
                throw new AssertionError("a packet that was just sealed is refused");
            }
        }
    }

    private static void memory(List<CipherProvider> providers) {
        System.out.printf("%-18s %-8s %12s %12s%n", "cipher", "provider", "heap bytes", "C bytes");
        for (DataCipher cipher : DataCipher.values()) {
            for (CipherProvider provider : providers) {
                if (provider.ciphers().contains(cipher)) {
                    memory(provider, cipher);
                }
            }
        }
    }

    /** Of a key that was used once: on the heap, and of the C library's allocator. */
    private static void memory(CipherProvider provider, DataCipher cipher) {
        var keys = new AeadKey[KEYS];
        byte[] bytes = new byte[cipher.keyBytes()];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(AT + 1400);
            for (int round = 0; round < 2; round++) {
                long heap = usedHeap();
                long outside = malloced();
                for (int i = 0; i < KEYS; i++) {
                    keys[i] = provider.openKey(cipher, bytes, 0);
                    keys[i].seal(packet, i, 0, 0, AAD, AT, 1400, AAD);
                }
                if (round == 1) {
                    System.out.printf("%-18s %-8s %12d %12d%n", cipher, provider.name(), (usedHeap() - heap) / KEYS,
                            (malloced() - outside) / KEYS);
                }
                for (int i = 0; i < KEYS; i++) {
                    keys[i].close();
                    keys[i] = null;
                }
            }
        }
    }

    private static long usedHeap() {
        System.gc();
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Bytes in use of the C library's heap: field {@code uordblks} of {@code struct mallinfo2}, and what it mapped. */
    private static long malloced() {
        var linker = Linker.nativeLinker();
        var layout = MemoryLayout.structLayout(MemoryLayout.sequenceLayout(10, JAVA_LONG).withName("fields"));
        var function = linker.defaultLookup().find("mallinfo2").orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            var info = (MemorySegment) linker.downcallHandle(function, FunctionDescriptor.of(layout))
                    .invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(JAVA_LONG, 7) + info.getAtIndex(JAVA_LONG, 4);
        } catch (Throwable t) {
            throw new IllegalStateException("mallinfo2 failed", t);
        }
    }
}
