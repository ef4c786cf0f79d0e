package io.culvert.core.libc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PagesTest {
    private static final long BYTES = 64 << 20;

    @Test
    void shouldGiveZeroedMemoryThatTakesRoomOnlyWhereItIsTouched() throws Exception {
        long before = residentBytes();
        MemorySegment pages = Pages.allocate(BYTES);
        assertEquals(BYTES, pages.byteSize());
        assertTrue(residentBytes() - before < BYTES / 2, "nothing was touched");
        for (long at = 0; at < BYTES; at += 4096) {
            assertEquals(0, pages.get(JAVA_BYTE, at));
            pages.set(JAVA_BYTE, at, (byte) 1);
        }
        assertTrue(residentBytes() - before > BYTES / 2, "everything was touched");
    }

    @Test
    void shouldSayHowMuchThereIsNot() {
        var failure = assertThrows(OutOfMemoryError.class, () -> Pages.allocate(1L << 62));
        assertTrue(failure.getMessage().contains("no " + (1L << 62) + " bytes"), failure.getMessage());
    }

    private static long residentBytes() throws IOException {
        return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
    }
}
