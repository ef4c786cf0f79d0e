package io.culvert.log.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskQueueTest {
    private static final long ENOUGH = 1 << 20;

    @TempDir
    Path home;

    private Path directory() {
        return home.resolve("queue/syslog");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> texts(List<byte[]> entries) {
        return entries.stream().map(entry -> new String(entry, StandardCharsets.UTF_8)).toList();
    }

    @Test
    void shouldReadAnEntryBackAsItWas() throws IOException {
        for (var trace : List.of(Optional.<String>empty(), Optional.of("E: x\n\tat \u00e4"))) {
            var entry = new LogRecord(
                    7, Instant.parse("2026-01-02T03:04:05.678901234Z"), LogRecord.Level.WARN, "m", "l", "t", "gr\u00fc\u00dfe \ud83d\ude00", trace, "00ff");
            assertEquals(entry, Entries.entry(Entries.bytes(entry)));
        }
    }

    @Test
    void shouldGoOnWhereTheLastProcessStopped() throws IOException {
        // Never closed: what a killed process leaves.
        var first = DiskQueue.open(directory(), ENOUGH);
        for (int i = 0; i < 10; i++) {
            first.append(bytes("entry " + i));
        }
        first.remove(3);
        try (var second = DiskQueue.open(directory(), ENOUGH)) {
            assertEquals(7, second.size());
            assertEquals(List.of("entry 3", "entry 4"), texts(second.peek(2)));
            second.append(bytes("later"));
            second.remove(7);
            assertEquals(List.of("later"), texts(second.peek(9)));
            second.remove(1);
            assertTrue(second.isEmpty());
        }
        try (var third = DiskQueue.open(directory(), ENOUGH)) {
            assertTrue(third.isEmpty());
        }
        first.close();
    }

    @Test
    void shouldNeedOneFileHoweverOftenItIsOpened() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (var queue = DiskQueue.open(directory(), ENOUGH)) {
                queue.append(bytes("entry " + i));
            }
        }
        try (var files = Files.newDirectoryStream(directory(), "*.entries"); var queue = DiskQueue.open(directory(), ENOUGH)) {
            assertEquals(1, StreamSupport.stream(files.spliterator(), false).count());
            assertEquals(20, queue.size());
        }
    }

    @Test
    void shouldBeForItsOwnerOnly() throws IOException {
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            queue.append(bytes("x"));
            try (var files = Files.list(directory())) {
                for (Path file : files.toList()) {
                    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
                }
            }
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())));
        }
    }

    @Test
    void shouldReadUpToADamagedTail() throws IOException {
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            queue.append(bytes("one"));
            queue.append(bytes("two"));
        }
        Path file = segments().getFirst();
        byte[] whole = Files.readAllBytes(file);
        for (int length = whole.length - 1; length >= 0; length--) {
            Files.write(file, Arrays.copyOf(whole, length));
            try (var queue = DiskQueue.open(directory(), ENOUGH)) {
                var left = texts(queue.peek(9));
                assertEquals(length >= whole.length / 2 ? List.of("one") : List.of(), left);
            }
            Files.write(file, whole);
        }
        var random = new Random(1);
        for (int i = 0; i < 200; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, damaged);
            try (var queue = DiskQueue.open(directory(), ENOUGH)) {
                assertTrue(queue.size() < 2);
                queue.append(bytes("new"));
                assertEquals("new", texts(queue.peek(9)).getLast());
            }
            for (Path each : segments()) {
                Files.delete(each);
            }
        }
    }

    @Test
    void shouldReadAllAgainWithoutASoundMark() throws IOException {
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            queue.append(bytes("one"));
            queue.append(bytes("two"));
            queue.remove(1);
        }
        Files.write(directory().resolve("taken"), new byte[] {1, 2, 3}, StandardOpenOption.TRUNCATE_EXISTING);
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            assertEquals(List.of("one", "two"), texts(queue.peek(9)));
        }
    }

    @Test
    void shouldLoseTheOldestAndCountThem() throws IOException {
        try (var queue = DiskQueue.open(directory(), 64 << 10)) {
            long lost = 0;
            for (int i = 0; i < 2000; i++) {
                lost += queue.append(bytes("entry %06d ".formatted(i) + "x".repeat(100)));
            }
            assertTrue(lost > 0);
            assertEquals(2000, lost + queue.size());
            assertTrue(queue.bytes() <= 64 << 10);
            assertTrue(texts(queue.peek(1)).getFirst().startsWith("entry %06d".formatted(lost)));
            assertEquals(queue.size(), queue.peek(5000).size());
        }
    }

    @Test
    void shouldPutInFrontWhatIsOlder() throws IOException {
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            queue.append(bytes("three"));
            queue.prepend(List.of(bytes("one"), bytes("two")));
            queue.append(bytes("four"));
        }
        try (var queue = DiskQueue.open(directory(), ENOUGH)) {
            assertEquals(List.of("one", "two", "three", "four"), texts(queue.peek(9)));
        }
    }

    private List<Path> segments() throws IOException {
        try (var files = Files.newDirectoryStream(directory(), "*.entries")) {
            var found = new ArrayList<Path>();
            files.forEach(found::add);
            return found;
        }
    }
}
