package io.culvert.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the built launcher with all built bundles, and settings that leave the host's network alone. */
class UpIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Path TARGET = Path.of("target").toAbsolutePath();

    @TempDir
    Path directory;

    private final List<Process> started = new ArrayList<>();
    private HomeDirectory home;

    @BeforeAll
    static void needTheRightsThatUpNeeds() {
        try {
            HostCheck.beforeStart();
        } catch (Failure failure) {
            assumeTrue(false, failure.getMessage());
        }
    }

    @BeforeEach
    void create() {
        home = new HomeDirectory(directory);
        home.create();
    }

    @AfterEach
    void end() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    private void settings(String yaml) throws IOException {
        Files.writeString(home.settings(), yaml);
    }

    /** {@code up} with its output in {@code out} and {@code err}. */
    private Process up() throws IOException {
        var process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx96m",
                        "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-jar",
                        TARGET.resolve("culvert-launcher.jar").toString(),
                        "--home",
                        directory.toString(),
                        "up")
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
        started.add(process);
        return process;
    }

    private Process running() throws Exception {
        var process = up();
        long deadlineNs = System.nanoTime() + LIMIT.toNanos();
        while (!text("out").contains("ready in ")) {
            assertTrue(process.isAlive() && System.nanoTime() - deadlineNs < 0, text("err"));
            process.waitFor(20, TimeUnit.MILLISECONDS);
        }
        return process;
    }

    private String refused() throws Exception {
        var process = up();
        assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
        assertEquals(1, process.exitValue());
        assertFalse(text("err").contains("\tat "), text("err"));
        return text("err");
    }

    private String text(String name) throws IOException {
        Path file = directory.resolve(name);
        return Files.exists(file) ? new String(Files.readAllBytes(file), UTF_8) : "";
    }

    private Object call(String command, Object... arguments) {
        var map = new java.util.HashMap<String, Object>();
        for (int i = 0; i < arguments.length; i += 2) {
            map.put((String) arguments[i], arguments[i + 1]);
        }
        return new ControlClient(home).call(command, map);
    }

    /** Of each module, {@code ID STATE}. */
    private List<String> states() {
        return ((List<?>) call("module list"))
                .stream().map(row -> ((Map<?, ?>) row).get("id") + " " + ((Map<?, ?>) row).get("state")).toList();
    }

    @Test
    void shouldRunWhatTheSettingsNameAndStopOnASignal() throws Exception {
        settings("modules: { log.file: {}, tls.jsse: {} }\n");
        var process = running();
        assertTrue(text("out").lines().toList().getLast().matches("ready in \\d+ ms"));
        var states = states();
        assertTrue(states.containsAll(List.of("log.file running", "tls.jsse running", "core off", "log.console off")));
        assertTrue(home.locked());

        process.destroy();
        assertTrue(process.waitFor(5, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        assertFalse(Files.exists(home.socket()));
        assertFalse(home.locked());
        assertEquals(Failure.NOT_RUNNING, assertThrows(Failure.class, () -> call("ready")).status());
        assertTrue(text("var/log/culvert.log").contains("control: ready, 2 modules and 0 listeners"));
    }

    @Test
    void shouldRefuseASecondRunAndGoOn() throws Exception {
        settings("modules: { tls.jsse: {} }\n");
        var first = running();
        assertTrue(refused().startsWith("culvert: culvert is already running in " + directory + " (process " + first.pid()));
        assertTrue(first.isAlive());
        call("ready");
    }

    @Test
    void shouldChangeSettingsOfARunningModule() throws Exception {
        settings("modules: { log.file: {} }\n");
        var process = running();
        call("config set", "path", "log.file.level", "value", "error");
        assertEquals("error", call("config get", "path", "log.file.level"));
        assertThrows(Failure.class, () -> call("config set", "path", "log.file.files", "value", "0"));
        call("config set", "path", "log.console.level", "value", "debug");
        assertTrue(states().contains("log.console running"), states().toString());
        call("stop");
        assertTrue(process.waitFor(5, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());

        running();
        assertEquals("error", call("config get", "path", "log.file.level"));
        assertEquals("debug", call("config get", "path", "log.console.level"));
        call("config rollback", "number", 0);
        assertEquals("info", call("config get", "path", "log.file.level"));
        assertTrue(states().contains("log.console off"), states().toString());
    }

    @Test
    void shouldNameTheMistakeInTheSettings() throws Exception {
        settings("modules:\n  core:\n    mtuu: 1400\n");
        assertEquals(
                "culvert: etc/culvert.yaml line 3 column 5: mtuu is no setting of core; did you mean mtu?\n", refused());
    }

    @Test
    void shouldNameTheModuleThatIsMissing() throws Exception {
        settings("modules: { pki: {} }\n");
        assertEquals(
                "culvert: no running module offers Store, which pki needs;"
                        + " add 'store.local: {}' to the modules in etc/culvert.yaml\n",
                refused());
    }

    @Test
    void shouldNameTheSettingThatAModuleRefuses() throws Exception {
        settings("modules: { store.local: {}, pki: {}, tls.jsse: {}, crypto.jce: {}, core: { ipv4: 10.8.0.0/33 } }\n");
        assertTrue(refused().startsWith("culvert: core: ipv4 = 10.8.0.0/33: "), text("err"));
    }

    @Test
    void shouldReplaceWhatAKilledProcessLeftBehind() throws Exception {
        settings("modules: { tls.jsse: {} }\n");
        running().destroyForcibly().waitFor();
        assertTrue(Files.exists(home.socket()));
        Files.delete(directory.resolve("out"));
        running();
        call("ready");
    }
}
