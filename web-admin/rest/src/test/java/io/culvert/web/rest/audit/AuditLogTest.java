package io.culvert.web.rest.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.AuditTrail.Changed;
import io.culvert.api.web.AuditTrail.Entry;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void fill() throws IOException {
        file = directory.resolve("audit/audit.jsonl");
        try (var log = open()) {
            for (int i = 1; i <= 5; i++) {
                log.record(entry("user u" + i));
            }
        }
    }

    private AuditLog open() throws IOException {
        return AuditLog.open(file, new Json(), InstantSource.system());
    }

    private static Entry entry(String target) {
        return new Entry("m.okafor", Role.ADMINISTRATOR, "192.0.2.1", "POST /x", target, "a\nnote", "ok");
    }

    @Test
    void shouldGoOnWhereItEnded() throws Exception {
        try (var log = open()) {
            log.record(entry("user u6"));
            assertTrue(log.verify().intact());
            assertEquals(6, log.verify().entries());
            assertEquals(
                    List.of("user u6", "user u5"),
                    log.find(Optional.empty(), "", 2).stream().map(each -> each.entry().target()).toList());
            assertEquals(
                    List.of("user u2"),
                    log.find(Optional.of(3L), "U2", 9).stream().map(each -> each.entry().target()).toList());
        }
    }

    @Test
    void shouldNoticeAChangedLine() throws Exception {
        Files.writeString(file, Files.readString(file).replace("user u3", "user u9"));
        assertBroken();
    }

    @Test
    void shouldNoticeAMissingLine() throws Exception {
        var lines = new ArrayList<>(Files.readAllLines(file));
        lines.remove(2);
        Files.write(file, lines);
        assertBroken();
    }

    @Test
    void shouldNoticeSwappedLines() throws Exception {
        var lines = new ArrayList<>(Files.readAllLines(file));
        java.util.Collections.swap(lines, 1, 2);
        Files.write(file, lines);
        assertBroken();
    }

    @Test
    void shouldNoticeALineThatIsPutIn() throws Exception {
        var lines = new ArrayList<>(Files.readAllLines(file));
        lines.add(3, lines.get(2));
        Files.write(file, lines);
        assertBroken();
    }

    private void assertBroken() throws IOException {
        try (var log = open()) {
            assertFalse(log.verify().intact());
        }
    }

    @Test
    void shouldNoticeThatItsEndIsCutOffWhileItRuns() throws Exception {
        try (var log = open()) {
            var lines = Files.readAllLines(file);
            Files.write(file, lines.subList(0, 3));
            assertFalse(log.verify().intact());
        }
    }

    @Test
    void shouldTakeHalfALineAway() throws Exception {
        Files.writeString(file, "{\"number\":6,\"ti", StandardOpenOption.APPEND);
        try (var log = open()) {
            log.record(entry("user u6"));
            assertTrue(log.verify().intact());
        }
    }

    @Test
    void shouldShowAnIntentUntilItsOutcomeIsThere() throws Exception {
        try (var log = open()) {
            long begun = log.begin(new Entry("m", Role.ADMINISTRATOR, "local", "POST /x", "user u6", "", "begun"));
            assertEquals("begun", log.find(Optional.empty(), "", 1).getFirst().entry().result());
            var changes = List.of(new Changed("role", "viewer", "operator"));
            log.end(begun, new Entry("m", Role.ADMINISTRATOR, "local", "POST /x", "user u6", "", "ok", changes));
            var found = log.find(Optional.empty(), "", 2);
            assertEquals(List.of("ok", "ok"), found.stream().map(each -> each.entry().result()).toList());
            assertEquals(changes, found.getFirst().entry().changes());
            assertEquals(List.of(), found.getLast().entry().changes());
            assertEquals(begun - 1, found.getLast().number(), "the intent is told of by its outcome");
            assertEquals(1, log.find(Optional.empty(), "OPERATOR", 9).size());
            assertEquals(0, log.find(Optional.of(begun + 1), "user u6", 9).size());
            assertTrue(log.verify().intact());
        }
    }

    @Test
    void shouldGoOnBehindLinesOfVersionsThatDidNotSayChanges() throws Exception {
        Path old = directory.resolve("old.jsonl");
        String line = "{\"number\":1,\"time\":\"2026-01-02T03:04:05.006Z\",\"who\":\"m\",\"role\":\"ADMINISTRATOR\","
                + "\"from\":\"local\",\"what\":\"POST /x\",\"target\":\"\",\"note\":\"\",\"result\":\"ok\",\"previous\":\""
                + "0".repeat(64) + "\"}\n";
        Files.writeString(old, line);
        try (var log = AuditLog.open(old, new Json(), InstantSource.system())) {
            log.record(entry("user u2"));
            assertTrue(log.verify().intact());
            assertEquals(2, log.verify().entries());
        }
        Files.writeString(old, Files.readString(old).replaceFirst("POST /x", "POST /y"));
        try (var log = AuditLog.open(old, new Json(), InstantSource.system())) {
            assertFalse(log.verify().intact());
        }
    }
}
