package io.culvert.core.plug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.network.Prefix;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CoreConfigTest {
    /** The defaults, but for what is given. */
    static CoreSettings settings(Map<String, Object> given) {
        return (CoreSettings) Proxy.newProxyInstance(
                CoreSettings.class.getClassLoader(),
                new Class<?>[] {CoreSettings.class},
                (proxy, method, arguments) -> given.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    private static CoreConfig config(String attribute, Object value) {
        return CoreConfig.of(settings(Map.of(attribute, value)));
    }

    @Test
    void shouldTakeTheDefaults() {
        CoreConfig config = CoreConfig.of(settings(Map.of()));
        assertEquals(Optional.of(Prefix.parse("10.8.0.0/24")), config.ipv4());
        assertEquals(Optional.empty(), config.ipv6());
        assertEquals("culvert0", config.tun());
        assertEquals(1500, config.mtu());
    }

    @Test
    void shouldTakeWhatIsWellFormed() {
        assertEquals(2, config("routes", new String[] {"192.168.7.0/24", "fd00:7::/64"}).routes().size());
        assertEquals(1, config("nameServers", new String[] {"9.9.9.9"}).nameServers().size());
        assertEquals(List.of("example.org"), config("searchDomains", new String[] {"example.org"}).searchDomains());
        assertEquals(64, config("ipv6", "fd00:1:2:3::/64").ipv6().orElseThrow().length());
    }

    @Test
    void shouldTakeOneProviderForACipherBeforeOneForAll() {
        var ciphers = config("ciphers", new String[] {"AES-256-GCM=openssl", "jce"}).ciphers();
        assertEquals("openssl", ciphers.get(DataCipher.AES_256_GCM));
        assertEquals("jce", ciphers.get(DataCipher.CHACHA20_POLY1305));
        assertEquals(Map.of(), CoreConfig.of(settings(Map.of())).ciphers());
    }

    @Test
    void shouldTakeABridgedNetworkBesideTheRoutedOne() {
        var none = CoreConfig.of(settings(Map.of())).ethernet();
        assertEquals("culverttap0", none.tap());
        assertEquals(Optional.empty(), none.ipv4());
        assertEquals("10.9.0.0/24", config("tapIpv4", "10.9.0.0/24").ethernet().ipv4().orElseThrow().toString());
        assertEquals("br0", config("tapBridge", "br0").ethernet().bridge());
        refuses("tapIpv4", "10.8.0.0/16");
        refuses("tap", "culvert0");
        refuses("tapBridge", "no bridge");
        assertThrows(ConfigException.class, () -> CoreConfig.of(
                settings(Map.of("tapBridge", "br0", "tapIpv4", "10.9.0.0/24"))));
    }

    @Test
    void shouldNameTheSettingThatIsWrong() {
        refuses("ipv4", "10.8.0.1/24");
        refuses("ipv4", "fd00::/64");
        refuses("ipv4", "10.8.0.0/31");
        refuses("ipv4", "");
        refuses("ipv6", "10.8.0.0/24");
        refuses("tun", "this-name-is-too-long");
        refuses("tun", "..");
        refuses("mtu", 500);
        refuses("maxSessions", 0);
        refuses("workers", 65);
        refuses("routes", new String[] {"192.168.7.0"});
        refuses("nameServers", new String[] {"dns.example.org"});
        refuses("ciphers", new String[] {"AES-512-GCM=jce"});
        refuses("ciphers", new String[] {"AES-256-GCM="});
        refuses("ciphers", new String[] {""});
        refuses("authenticators", new String[] {"totp"});
        refuses("authenticators", new String[] {"mandatory totp"});
        refuses("authenticatorSeconds", 0);
        refuses("searchDomains", new String[] {"two words"});
    }

    private static void refuses(String attribute, Object value) {
        var e = assertThrows(ConfigException.class, () -> config(attribute, value));
        assertEquals(attribute, e.attribute());
        assertTrue(e.getMessage().startsWith("io.culvert.core: " + attribute + " = "), e.getMessage());
    }
}
