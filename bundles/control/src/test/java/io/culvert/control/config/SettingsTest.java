package io.culvert.control.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    Path home;

    private final List<Plan> applied = new ArrayList<>();
    private String refusal = "";
    private Settings settings;

    @BeforeEach
    void load() throws IOException, SettingsException {
        Files.createDirectories(home.resolve("var/config"));
        Files.writeString(home.resolve("culvert.yaml"), """
                modules:
                  core:
                    mtu: 1400
                    secret: hunter2
                  tunnel.openvpn:
                    udp: {}
                """);
        settings = open();
    }

    private Settings open() throws SettingsException {
        var opened = new Settings(
                home.resolve("culvert.yaml"), new History(home.resolve("var/config")), new FixedSchemas(), CLOCK, this::apply);
        opened.load();
        return opened;
    }

    private void apply(Plan plan) throws SettingsException {
        applied.add(plan);
        if (!refusal.isEmpty()) {
            String reason = refusal;
            refusal = "";
            throw new SettingsException(reason);
        }
    }

    private static Object port(Plan plan) {
        return plan.of("tunnel.openvpn").getFirst().values().get("port");
    }

    @Test
    void shouldLayAChangeOverTheFileAndKeepItForTheNextStart() throws Exception {
        var change = settings.set("tunnel.openvpn.udp.port", "1195");
        assertEquals(1, change.number());
        assertEquals(1195, port(applied.getLast()));
        assertEquals(1195, open().get("tunnel.openvpn.udp.port"));
        assertEquals(1400, open().get("core.mtu"));
    }

    @Test
    void shouldKeepNothingOfAChangeThatTheSchemaRefuses() throws Exception {
        var refused = assertThrows(SettingsException.class, () -> settings.set("core.mtu", "1"));
        assertEquals("core.mtu = 1: must be a whole number from 576 to 9000", refused.getMessage());
        assertThrows(SettingsException.class, () -> settings.set("core", "1"));
        assertThrows(SettingsException.class, () -> settings.set("tunnel.openvpn.port", "1"));
        assertTrue(applied.isEmpty());
        assertTrue(settings.history().isEmpty());
    }

    @Test
    void shouldGoBackWhenAModuleRefusesTheChange() throws Exception {
        refusal = "tunnel.openvpn udp: cannot listen on udp port 1195: in use";
        var refused = assertThrows(SettingsException.class, () -> settings.set("tunnel.openvpn.udp.port", "1195"));
        assertTrue(refused.getMessage().contains("in use"));
        assertEquals(2, applied.size());
        assertEquals(null, port(applied.getLast()));
        assertTrue(settings.history().isEmpty());
        assertEquals(1194, settings.get("tunnel.openvpn.udp.port"));
    }

    @Test
    void shouldRollBackToAnyChangeAndToTheFile() throws Exception {
        settings.set("core.mtu", "1300");
        settings.set("core.mtu", "1200");
        settings.rollback(1);
        assertEquals(1300, settings.get("core.mtu"));
        settings.rollback(0);
        assertEquals(1400, settings.get("core.mtu"));
        assertEquals(4, settings.history().size());
        assertEquals("roll back to 0", settings.history().getLast().change());
        var refused = assertThrows(SettingsException.class, () -> settings.rollback(9));
        assertTrue(refused.getMessage().startsWith("there is no change 9"));
    }

    @Test
    void shouldGiveASettingBackToTheFile() throws Exception {
        settings.set("core.mtu", "1300");
        settings.set("core.mtu", "null");
        assertEquals(1400, settings.get("core.mtu"));
        assertEquals(Map.of(), settings.history().getLast().overlay());
    }

    @Test
    void shouldHideSecretsButInTheExport() throws Exception {
        assertEquals("(hidden)", settings.get("core.secret"));
        var change = settings.set("core.secret", "swordfish");
        assertEquals("set core.secret = (hidden)", change.change());
        assertTrue(settings.export().contains("secret: swordfish"));
        for (Path file : files()) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        }
    }

    @Test
    void shouldExportWhatCanBeReadAgain() throws Exception {
        settings.set("core.routes", "[10.0.0.0/8, '192.168.0.0/16']");
        settings.set("core.tun", "'0123'");
        Files.writeString(home.resolve("culvert.yaml"), settings.export());
        Files.delete(home.resolve("var/config/000001.json"));
        Files.delete(home.resolve("var/config/000002.json"));
        var again = open();
        assertEquals(List.of("10.0.0.0/8", "192.168.0.0/16"), again.get("core.routes"));
        assertEquals("0123", again.get("core.tun"));
        assertEquals(settings.get(""), again.get(""));
    }

    /** As after a power cut between writing and renaming: a draft counts for nothing. */
    @Test
    void shouldIgnoreAHalfWrittenChange() throws Exception {
        settings.set("core.mtu", "1300");
        Files.writeString(home.resolve("var/config/000002.json.new"), "{\"overlay\":{\"core\":");
        assertEquals(1300, open().get("core.mtu"));
        assertEquals(2, open().set("core.mtu", "1200").number());
        assertEquals(2, files().size());
    }

    @Test
    void shouldNameAnUnreadableChangeAndTheRemedy() throws Exception {
        Files.writeString(home.resolve("var/config/000001.json"), "{");
        var refused = assertThrows(SettingsException.class, this::open);
        assertTrue(refused.getMessage().contains("000001.json is unreadable; move it away"));
    }

    @Test
    void shouldNameTheChangeWhoseSettingIsGone() throws Exception {
        Files.writeString(
                home.resolve("var/config/000001.json"),
                "{\"time\":\"2026-01-02T03:04:05Z\",\"change\":\"x\",\"overlay\":{\"core\":{\"gone\":1}}}");
        var refused = assertThrows(SettingsException.class, this::open);
        assertTrue(refused.getMessage().startsWith("var/config/000001.json: gone is no setting of core"));
    }

    @Test
    void shouldForgetTheOldestOfManyChanges() throws Exception {
        for (int i = 0; i < 205; i++) {
            settings.set("core.mtu", Integer.toString(1000 + i));
        }
        assertEquals(200, files().size());
        assertEquals(205, settings.history().getLast().number());
        assertFalse(Files.exists(home.resolve("var/config/000005.json")));
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(home.resolve("var/config"))) {
            return files.filter(file -> file.toString().endsWith(".json")).toList();
        }
    }

    private static Settings.Edit edit(Map<String, Object> values, String... remove) {
        return new Settings.Edit("core", Optional.empty(), values, List.of(remove), false);
    }

    @Test
    void shouldChangeSettingsOfAModuleTogether() throws Exception {
        var edited = settings.edit(edit(Map.of("mtu", 1300, "secret", "swordfish")), false);
        assertEquals(1, edited.entry().orElseThrow().number());
        assertEquals(1300, open().get("core.mtu"));
        String shown = edited.lines() + edited.entry().orElseThrow().change();
        assertFalse(shown.contains("swordfish"), shown);
        settings.edit(edit(Map.of(), "mtu"), false);
        assertEquals(1400, open().get("core.mtu"));
    }

    @Test
    void shouldSayWhatAnEditWouldDoAndDoNothing() throws Exception {
        var edited = settings.edit(edit(Map.of("mtu", 1300)), true);
        assertEquals(List.of("mtu: 1400, now 1300"), edited.lines());
        assertEquals(List.of(), applied);
        var refused = assertThrows(SettingsException.class, () -> settings.edit(edit(Map.of("mtu", "wide")), true));
        assertTrue(refused.getMessage().startsWith("core.mtu = wide: "), refused.getMessage());
    }

    @Test
    void shouldShowAFormItsValuesButNoSecrets() throws Exception {
        var detail = settings.detail("core");
        var only = detail.instances().getFirst();
        assertEquals(1400, only.values().get("mtu"));
        assertEquals(List.of("secret"), only.secrets());
        assertFalse(detail.instances().toString().contains("hunter2"));
        assertEquals(List.of("udp"), settings.detail("tunnel.openvpn").instances().stream()
                .map(Settings.Instance::name)
                .toList());
    }

    @Test
    void shouldAddAnInstanceAndDropItAgain() throws Exception {
        var added = new Settings.Edit(
                "tunnel.openvpn", Optional.of("tcp"), Map.of("port", 443), List.of(), false);
        settings.edit(added, false);
        assertEquals(2, settings.detail("tunnel.openvpn").instances().size());
        settings.edit(
                new Settings.Edit("tunnel.openvpn", Optional.of("tcp"), Map.of(), List.of(), true), false);
        assertEquals(1, settings.detail("tunnel.openvpn").instances().size());
        assertThrows(
                SettingsException.class,
                () -> settings.edit(
                        new Settings.Edit("tunnel.openvpn", Optional.of("udp"), Map.of(), List.of(), true),
                        false));
    }
}
