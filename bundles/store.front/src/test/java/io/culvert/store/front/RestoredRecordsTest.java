package io.culvert.store.front;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RestoredRecordsTest {
    @TempDir
    Path home;

    private final FrontStoreTest.MemoryStore store = new FrontStoreTest.MemoryStore("local");

    private Path write(int records) throws IOException {
        Path file = home.resolve("var/restore/store.zip");
        Files.createDirectories(file.getParent());
        try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i < records; i++) {
                zip.putNextEntry(new ZipEntry("pki/client/" + i));
                zip.write(i);
                zip.closeEntry();
            }
        }
        return file;
    }

    @Test
    void shouldGiveAStoreTheRecordsAndNothingElse() throws Exception {
        Path file = write(300);
        FrontStoreTest.put(store, "session/openvpn/udp/1", 1).join();
        assertEquals(300, new RestoredRecords(home).giveTo(store));
        assertEquals(300, store.entries.size());
        assertArrayEquals(new byte[] {7}, store.read("pki/client/7").orElseThrow().value());
        assertFalse(Files.exists(file), "not at the next start");
        assertEquals(-1, new RestoredRecords(home).giveTo(store));
    }

    @Test
    void shouldLeaveAStoreAloneWhenNothingIsRestored() throws Exception {
        FrontStoreTest.put(store, "pki/authority", 1).join();
        assertEquals(-1, new RestoredRecords(home).giveTo(store));
        assertEquals(1, store.entries.size());
    }

    @Test
    void shouldKeepTheFileWhenTheStoreTakesNothing() throws Exception {
        Path file = write(3);
        store.broken = true;
        assertThrows(StoreException.class, () -> new RestoredRecords(home).giveTo(store));
        assertTrue(Files.exists(file));
    }
}
