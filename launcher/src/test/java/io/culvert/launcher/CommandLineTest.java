package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
    @TempDir
    Path home;

    private record Typed(int status, String out, String err) {}

    private Typed type(String... words) {
        var arguments = new ArrayList<>(List.of("--home", home.toString()));
        arguments.addAll(List.of(words));
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments.toArray(String[]::new));
        return new Typed(status, out.toString(), err.toString());
    }

    @Test
    void shouldExitWith3AndTheRemedyWhenNothingRuns() {
        var typed = type("sessions");
        assertEquals(3, typed.status());
        assertEquals(
                "culvert: culvert is not running in " + home + "; start it with: culvert --home " + home + " up\n",
                typed.err());
        assertEquals("", typed.out());
    }

    @Test
    void shouldExitWith2OnWrongUsage() {
        var typed = type("user", "add");
        assertEquals(2, typed.status());
        assertTrue(typed.err().contains("usage: culvert user add"), typed.err());
        assertEquals(2, type("sesions").status());
        assertEquals(2, type().status());
        assertEquals(2, type("logs", "-n", "many").status());
    }

    @Test
    void shouldExitWith1AndTheAppliancesWordsWhenItRefuses() throws IOException {
        try (var appliance = new FakeAppliance(home, "{\"error\":\"there is no user bob\"}")) {
            var typed = type("user", "disable", "bob");
            assertEquals(1, typed.status());
            assertEquals("culvert: there is no user bob\n", typed.err());
        }
    }

    @Test
    void shouldExitWith1WhenTheAnswerNeverComes() throws IOException {
        try (var appliance = new FakeAppliance(home)) {
            var typed = type("status");
            assertEquals(1, typed.status());
            assertEquals("culvert: culvert went away before it answered\n", typed.err());
        }
    }

    @Test
    void shouldPrintAlignedTables() throws IOException {
        try (var appliance = new FakeAppliance(home, """
                {"result":[{"id":"7f3a","user":"alice","bytesIn":10},{"id":"1","user":"","bytesIn":123456}]}""")) {
            var typed = type("user", "list");
            assertEquals(0, typed.status());
            assertEquals(
                    """
                    ID    USER   BYTES IN
                    7f3a  alice  10
                    1     -      123456
                    """,
                    typed.out());
        }
    }

    @Test
    void shouldLeaveSomeColumnsOfSessionsToJson() throws IOException {
        try (var appliance = new FakeAppliance(home, """
                {"result":[{"id":"7f3a","user":"alice","remote":"192.0.2.1:40404","cipher":"AES-256-GCM"}]}""")) {
            assertTrue(type("sessions").out().contains("192.0.2.1:40404"));
            assertTrue(!type("sessions").out().contains("AES-256-GCM"));
            assertTrue(type("sessions", "--json").out().contains("AES-256-GCM"));
        }
    }

    @Test
    void shouldPrintNestedSectionsOfTheStatus() throws IOException {
        try (var appliance = new FakeAppliance(home, """
                {"result":{"version":"1","core":{"sessions":2,"routes":["a","b"],"listeners":[{"port":1}],"drops":{}}}}""")) {
            assertEquals(
                    """
                    version  1
                    core
                      sessions  2
                      routes    a, b
                      listeners
                        PORT
                        1
                      drops     -
                    """,
                    type("status").out());
        }
    }

    @Test
    void shouldPrintJsonWhereverTheOptionStands() throws IOException {
        try (var appliance = new FakeAppliance(home, "{\"result\":{\"sessions\":[]}}")) {
            String json = "{\n  \"sessions\" : [ ]\n}\n";
            assertEquals(json, type("sessions", "--json").out());
            assertEquals(json, type("--json", "sessions").out());
            assertEquals("no sessions\n", type("sessions").out());
        }
    }

    @Test
    void shouldPassTheFirstLineOfStandardInputAsPassword() throws Exception {
        var in = System.in;
        try (var appliance = new FakeAppliance(home, "{\"result\":true}")) {
            System.setIn(new ByteArrayInputStream("pä ss\nrest".getBytes(StandardCharsets.UTF_8)));
            var typed = type("user", "add", "alice", "--password-stdin");
            assertEquals(new Typed(0, "added alice\n", ""), typed);
            assertEquals(
                    Map.of("command", "user add", "arguments", Map.of("name", "alice", "password", "pä ss")),
                    appliance.requests.poll(10, TimeUnit.SECONDS));
            System.setIn(new ByteArrayInputStream("\n".getBytes(StandardCharsets.UTF_8)));
            assertEquals("culvert: the password is empty\n", type("user", "password", "alice", "--password-stdin").err());
        } finally {
            System.setIn(in);
        }
    }

    @Test
    void shouldPrintAProfileAsItIs() throws Exception {
        try (var appliance = new FakeAppliance(home, "{\"result\":{\"name\":\"alice\",\"profile\":\"client\\ndev tun\\n\"}}")) {
            assertEquals("client\ndev tun\n", type("profile", "alice", "--remote", "a:1", "--transport", "tcp").out());
            assertEquals(
                    Map.of("name", "alice", "protocol", "openvpn", "reuse", false, "remote", "a:1", "transport", "tcp"),
                    appliance.requests.poll(10, TimeUnit.SECONDS).get("arguments"));
        }
    }

    @Test
    void shouldPrintLogEntriesAsTheyCome() throws Exception {
        try (var appliance = new FakeAppliance(
                home,
                "{\"part\":{\"time\":\"T\",\"level\":\"info\",\"message\":\"core: up\"}}",
                "{\"result\":\"end\"}")) {
            assertEquals("T info  core: up\n", type("logs", "-f", "-n", "5").out());
        }
    }

    @Test
    void shouldWriteACompletionScript() {
        var typed = type("completion");
        assertEquals(0, typed.status());
        assertTrue(typed.out().contains("complete -F _complete_culvert"));
        assertTrue(typed.out().contains("rollback"));
    }
}
