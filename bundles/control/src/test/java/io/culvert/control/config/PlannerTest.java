package io.culvert.control.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {
    private static Plan plan(String yaml) throws SettingsException {
        return Planner.plan(Planner.modules(YamlReader.read(yaml, "etc/culvert.yaml")), new FixedSchemas());
    }

    @Test
    void shouldMakeOneConfigurationForAModuleAndOneForEachInstance() throws SettingsException {
        var plan = plan("""
                modules:
                  core: { mtu: 1400, masquerade: off, routes: [10.0.0.0/8, "fd00::/8"] }
                  pki:
                  tunnel.openvpn:
                    udp: { port: 1194 }
                    tcp: { port: 443, transport: tcp }
                """);
        assertEquals(
                List.of("io.culvert.core", "io.culvert.pki", "io.culvert.tunnel.openvpn~udp",
                        "io.culvert.tunnel.openvpn~tcp"),
                plan.configurations().stream().map(Plan.Configuration::fullPid).toList());
        Map<String, Object> core = plan.of("core").getFirst().values();
        assertEquals(1400, core.get("mtu"));
        assertEquals(false, core.get("masquerade"));
        assertArrayEquals(new String[] {"10.0.0.0/8", "fd00::/8"}, (String[]) core.get("routes"));
        assertEquals(Map.of("port", 443, "transport", "tcp"), plan.of("tunnel.openvpn").getLast().values());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            modules: { core: { mtuu: 1 } }                 | line 1 column 20: mtuu is no setting of core; did you mean mtu?
            modules: { core: { mtu: 100 } }                | line 1 column 20: core.mtu = 100: must be a whole number from 576 to 9000
            modules: { core: { mtu: many } }               | line 1 column 20: core.mtu = many: must be a whole number from 576 to 9000
            modules: { core: { mtu: [1, 2] } }             | line 1 column 20: core.mtu takes one value, not a list
            modules: { core: { masquerade: maybe } }       | line 1 column 20: core.masquerade = maybe: must be true or false
            modules: { cor: {} }                           | line 1 column 12: no module cor is installed; did you mean core?
            modules: { pki: { a: 1 } }                     | line 1 column 19: a is no setting of pki; it takes no settings
            modules: { core: 7 }                           | line 1 column 12: core takes settings below it; write 'core: {}' for none
            modules: { tunnel.openvpn: { port: 1194 } }    | line 1 column 30: tunnel.openvpn takes named instances, and port is none; expected its settings below it
            modules: { tunnel.openvpn: { "a b": {} } }     | line 1 column 30: 'a b' cannot name an instance of tunnel.openvpn; use up to 32 letters, digits, '-' and '_'
            modules: { tunnel.openvpn: { u: { transport: sctp } } } | line 1 column 35: tunnel.openvpn.u.transport = sctp: did you mean tcp? It takes udp, tcp
            module: {}                                     | line 1 column 1: 'module' is nothing at this place; modules stand below 'modules:'
            modules: { core: { mtu: 1, mtu: 2 } }          | line 1 column 28: 'mtu' appears twice
            modules: { core: *x }                          | line 1 column 18: not YAML: found undefined alias x
            """)
    void shouldNameLineAndKeyOfAMistake(String yaml, String problem) {
        var refused = assertThrows(SettingsException.class, () -> plan(yaml));
        assertEquals("etc/culvert.yaml " + problem, refused.getMessage());
    }

    @Test
    void shouldGatherAllMistakes() {
        var refused = assertThrows(SettingsException.class, () -> plan("""
                modules:
                  core:
                    mtu: 1
                    tun: a-name-that-is-too-long
                  nothing: {}
                """));
        assertEquals(3, refused.problems().size());
        assertTrue(refused.problems().get(1).startsWith("etc/culvert.yaml line 4 column 5: core.tun"));
    }

    @Test
    void shouldNotShowASecretThatIsRefused() {
        var refused =
                assertThrows(SettingsException.class, () -> plan("modules: { core: { secret: [hunter2, {}] } }"));
        assertFalse(refused.getMessage().contains("hunter2"));
    }

    @Test
    void shouldRefuseYamlThatIsNone() {
        var refused = assertThrows(SettingsException.class, () -> plan("modules:\n  core: {\n"));
        assertTrue(refused.getMessage().startsWith("etc/culvert.yaml line 3 column 1: not YAML"), refused.getMessage());
    }

    @Test
    void shouldFindTheModuleInAPathWhoseIdHasDots() throws SettingsException {
        var modules = new FixedSchemas().modules();
        assertEquals(
                List.of("tunnel.openvpn", "udp", "port"), Planner.keys("tunnel.openvpn.udp.port", modules));
        assertEquals(List.of("core"), Planner.keys("core", modules));
        assertThrows(SettingsException.class, () -> Planner.keys("core..mtu", modules));
        var refused = assertThrows(SettingsException.class, () -> Planner.keys("kore.mtu", modules));
        assertTrue(refused.getMessage().startsWith("kore.mtu is in no module"));
    }

    @Test
    void shouldTakeTypedTextForWhatItMeans() {
        assertEquals(1400L, Planner.typed("1400").plain());
        assertEquals(true, Planner.typed("on").plain());
        assertEquals(List.of("10.0.0.0/8", "fd00::/8"), Planner.typed("[10.0.0.0/8, 'fd00::/8']").plain());
        assertEquals("::", Planner.typed("::").plain());
        assertEquals("*secret", Planner.typed("*secret").plain());
        assertEquals("a: b", Planner.typed("a: b").plain());
    }
}
