package io.culvert.crypto.support.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NativeAeadKeyTest {
    private static final byte[] TEXT = "a secret".getBytes(StandardCharsets.US_ASCII);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment copy = arena.allocate(TEXT.length);
    private final byte[] bytes = TEXT.clone();
    private final MemorySegment packet = MemorySegment.ofArray(bytes);

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void shouldLeaveNoTextInTheCopyOfAPacketOnTheHeap() {
        assertTrue(NativeAeadKey.visit(packet, copy, address -> {
            assertArrayEquals(TEXT, copy.toArray(JAVA_BYTE));
            copy.set(JAVA_BYTE, 0, (byte) 'A');
            return address == copy.address();
        }));
        assertArrayEquals("A secret".getBytes(StandardCharsets.US_ASCII), bytes);
        assertTheCopyIsZero();
        assertFalse(NativeAeadKey.visit(packet, copy, _ -> false));
        assertTheCopyIsZero();
    }

    @Test
    void shouldLeaveNoTextInTheCopyWhenTheLibraryFails() {
        assertThrows(IllegalStateException.class, () -> NativeAeadKey.visit(packet, copy, _ -> {
            throw new IllegalStateException("sealing failed");
        }));
        assertArrayEquals(TEXT, bytes);
        assertTheCopyIsZero();
    }

    private void assertTheCopyIsZero() {
        assertArrayEquals(new byte[TEXT.length], copy.toArray(JAVA_BYTE));
    }
}
