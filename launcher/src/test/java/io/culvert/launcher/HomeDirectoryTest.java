package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeDirectoryTest {
    @TempDir
    Path directory;

    private String mode(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("home").resolve(path)));
    }

    @Test
    void shouldKeepSecretsForItsOwner() throws IOException {
        var home = new HomeDirectory(directory.resolve("home"));
        home.create();
        home.writeDefaultSettings("modules: {}\n");
        for (String secret : new String[] {"etc", "var/store", "var/config", "run"}) {
            assertEquals("rwx------", mode(secret), secret);
        }
        assertEquals("rw-------", mode("etc/culvert.yaml"));
        assertEquals("rwxr-x---", mode("var/log"));
    }

    @Test
    void shouldCloseAnOpenHomeAndKeepItsSettings() throws IOException {
        var home = new HomeDirectory(directory.resolve("home"));
        home.create();
        Files.setPosixFilePermissions(home.path().resolve("etc"), PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(home.settings(), "mine");
        home.create();
        assertEquals("rwx------", mode("etc"));
        assertFalse(home.writeDefaultSettings("default"));
        assertEquals("mine", Files.readString(home.settings()));
    }

    @Test
    void shouldNameAPathThatIsTooLongForASocket() {
        var home = new HomeDirectory(directory.resolve("x".repeat(100)));
        assertTrue(assertThrows(Failure.class, home::create).getMessage().contains("choose a shorter --home"));
    }

    @Test
    void shouldNameADirectoryThatCannotBe() throws IOException {
        Files.createFile(directory.resolve("file"));
        var home = new HomeDirectory(directory.resolve("file/home"));
        var failure = assertThrows(Failure.class, home::create);
        assertTrue(failure.getMessage().startsWith("cannot create " + home.path()), failure.getMessage());
    }

    @Test
    void shouldGiveEachFirstRunItsOwnPrivatePrefix() {
        var random = RandomGenerator.getDefault();
        String one = DefaultSettings.text(random);
        assertTrue(one.matches("(?s).* ipv6: fd[0-9a-f]{2}(:[0-9a-f]{1,4}){3}::/64 .*"), one);
        assertNotEquals(one, DefaultSettings.text(random));
    }
}
