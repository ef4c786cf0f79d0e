package io.culvert.web.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.web.rest.access.Guard;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
    @Test
    void shouldBringBackOnlyWhatDiffersAndCertificateAndKeyTogether() {
        var before = new Guard.Place("::", 8443, List.of("vpn.example.org"), "", "");
        var now = new Guard.Place("::", 9443, List.of("vpn.example.org"), "etc/console.pem", "etc/console.key");
        assertEquals(Map.of("port", 8443, "certificateFile", "", "keyFile", ""), Settings.differences(now, before));
    }
}
