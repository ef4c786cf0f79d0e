package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.launcher.ModuleChoice.Choice;
import io.culvert.launcher.ModuleChoice.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModuleChoiceTest {
    @TempDir
    Path directory;

    private HomeDirectory home;
    private Path bundles;

    @BeforeEach
    void build() throws IOException {
        home = new HomeDirectory(directory.resolve("home"));
        home.create();
        bundles = directory.resolve("bundles");
        file("bundles/1/slf4j-api-2.0.20.jar");
        file("bundles/5/io.culvert.tls.jsse-0.1.0.jar");
        file("bundles/7/io.culvert.tunnel.openvpn-0.1.0.jar");
        file("modules/io.culvert.auth.totp-0.1.0.jar");
        file("modules/io.culvert.log.syslog-0.1.0.jar");
    }

    private void file(String path) throws IOException {
        Path file = directory.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, path);
    }

    private String jar(String content) throws Exception {
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content.getBytes()));
        file("home/var/modules/jars/" + hash + ".jar");
        Files.writeString(home.modules().resolve("jars").resolve(hash + ".jar"), content);
        return hash;
    }

    private void state(String modules) throws IOException {
        Files.writeString(home.modules().resolve("state.json"), "{\"format\":1,\"modules\":{" + modules + "}}");
    }

    private List<String> names() throws IOException {
        return ModuleChoice.of(home, bundles).stream()
                .map(choice -> choice.name().startsWith("io.culvert.")
                        ? choice.startLevel() + " " + choice.name().substring("io.culvert.".length())
                        : choice.startLevel() + " library")
                .toList();
    }

    private List<Source> sources(String module) throws IOException {
        return ModuleChoice.of(home, bundles).stream()
                .filter(choice -> choice.name().equals("io.culvert." + module))
                .map(Choice::sources)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldRunWhatCameWithTheRelease() throws IOException {
        assertEquals(List.of("1 library", "5 tls.jsse", "7 tunnel.openvpn"), names());
        assertEquals(Optional.empty(), sources("tls.jsse").getFirst().hash());
    }

    @Test
    void shouldAddWhatTheSettingsMention() throws IOException {
        Files.writeString(home.settings(), "modules:\n  tls.jsse: {}\n  auth.totp: { issuer: x }\n  # log.syslog: {}\n");
        assertEquals(List.of("1 library", "5 tls.jsse", "7 tunnel.openvpn", "5 auth.totp"), names());
    }

    @Test
    void shouldPreferWhatOperatorsInstalledAndFallBackWhenItIsDamaged() throws Exception {
        String current = jar("new");
        String kept = jar("old");
        state("\"tls.jsse\":{\"current\":{\"sha256\":\"" + current + "\",\"version\":\"0.1.1\"},\"kept\":{\"sha256\":\"" + kept
                + "\",\"version\":\"0.1.0\"},\"standing\":\"running\",\"change\":1}");
        List<Source> sources = sources("tls.jsse");
        assertEquals(3, sources.size());
        assertTrue(sources.getFirst().location().endsWith(current));
        assertTrue(sources.getFirst().intact());
        Files.writeString(sources.getFirst().file(), "rotten");
        assertFalse(sources.getFirst().intact());
        assertEquals(Optional.of(kept), sources.get(1).hash());
        assertEquals(Optional.empty(), sources.get(2).hash());
    }

    @Test
    void shouldLeaveOutWhatOperatorsRemoved() throws IOException {
        Files.writeString(home.settings(), "modules: {tls.jsse: {}, auth.totp: {}}");
        state("\"tls.jsse\":{\"standing\":\"removed\",\"change\":1},\"auth.totp\":{\"standing\":\"removed\",\"change\":2}");
        assertEquals(List.of("1 library", "7 tunnel.openvpn"), names());
    }

    @Test
    void shouldInstallWhatTheReleaseDoesNotHave() throws Exception {
        String hash = jar("mine");
        state("\"log.mine\":{\"current\":{\"sha256\":\"" + hash + "\",\"version\":\"1\"},\"standing\":\"running\",\"change\":1}");
        assertEquals(List.of("1 library", "5 tls.jsse", "7 tunnel.openvpn", "4 log.mine"), names());
    }

    @Test
    void shouldNameAStateFileThatIsUnreadable() throws IOException {
        Files.writeString(home.modules().resolve("state.json"), "{");
        var failure = assertThrows(Failure.class, () -> ModuleChoice.of(home, bundles));
        assertTrue(failure.getMessage().contains("state.json is unreadable"), failure.getMessage());
    }
}
