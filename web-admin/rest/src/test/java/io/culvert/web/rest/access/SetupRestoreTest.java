package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.web.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SetupRestoreTest {
    @TempDir
    Path home;

    private final List<String> done = new ArrayList<>();
    private Console console;
    private Console.Browser browser;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        console.commands.put("backup receive", command("backup receive"));
        console.commands.put("backup restore", command("backup restore"));
        browser = console.browser();
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private Command command(String name) {
        return new Command() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
                if (arguments.get("stream") instanceof InputStream in) {
                    try {
                        done.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return Map.of("upload", "0011223344556677");
                }
                if (!"right".equals(arguments.get("passphrase"))) {
                    throw new CommandException("the passphrase does not open the file; nothing was changed");
                }
                done.add("restored " + arguments.get("upload"));
                return Map.of("host", "old", "created", "2026-01-02T03:04:05Z", "version", "0.1.0", "files", "3", "records", "4");
            }
        };
    }

    private int send() throws Exception {
        return browser.send(browser.request("POST", "/api/v1/setup/backup", "the file")
                .setHeader("Content-Type", "application/octet-stream")).statusCode();
    }

    private int restore(String passphrase) throws Exception {
        return browser.post("/api/v1/setup/restore", Map.of("upload", "0011223344556677", "passphrase", passphrase))
                .statusCode();
    }

    @Test
    void shouldRestoreForWhoeverHasTheCode() throws Exception {
        assertEquals(401, send());
        assertEquals(401, restore("right"));
        assertTrue(done.isEmpty(), "nobody has shown the code");
        browser.post("/api/v1/setup/claim", Map.of("code", console.setup.newCode()));
        assertEquals(201, send());
        assertEquals(400, restore("wrong"));
        assertEquals(202, restore("right"));
        assertEquals(List.of("the file", "restored 0011223344556677"), done);
    }

    @Test
    void shouldRestoreNothingOverAnAdministrator() throws Exception {
        browser.post("/api/v1/setup/claim", Map.of("code", console.setup.newCode()));
        console.add("m.okafor", Role.ADMINISTRATOR);
        assertEquals(410, send());
        assertEquals(410, restore("right"));
        assertTrue(done.isEmpty());
    }
}
