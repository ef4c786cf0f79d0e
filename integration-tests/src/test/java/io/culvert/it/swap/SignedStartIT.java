package io.culvert.it.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A module whose key is no longer trusted does not start again: the version before it does, and {@code doctor} says so. */
@RequiresRoot
class SignedStartIT {
    private static final String MODULE = "log.file";

    @Test
    void shouldStartTheReleasesVersionWhenTheKeyOfTheInstalledOneIsNoLongerTrusted() {
        try (var lab = Lab.open("signed-start", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"));
            appliance.up();
            Path file = BundleCopy.of(MODULE).version("0.1.7").to(lab.directory().resolve("newer.jar"));
            String fingerprint = String.valueOf(appliance.json(
                            "module", "sign", file.toString(), "--key", lab.directory().resolve("key").toString())
                    .get("fingerprint"));
            appliance.cli("module", "trust", fingerprint, "--confirm", fingerprint.substring(60)).ok();
            appliance.cli("module", "update", MODULE, file.toString(), "--watch", "0").ok();
            appliance.stop();
            appliance.up();
            assertEquals("0.1.7", version(appliance));

            appliance.cli("module", "distrust", fingerprint).ok();
            appliance.stop();
            var started = appliance.up();
            assertEquals("0.1.0", version(appliance));
            String why = "signed by a key that is not trusted here, fingerprint " + fingerprint;
            assertTrue(started.lines().stream().anyMatch(l -> l.contains("passing over") && l.contains(why)));
            assertTrue(appliance.cli("doctor").output().contains(why));
            assertTrue(appliance.cli("module", "list").ok().contains("passed over at the start"));
        }
    }

    private static Object version(Appliance appliance) {
        try {
            return JSON.std.listFrom(appliance.cli("module", "list", "--json").ok()).stream()
                    .map(each -> (Map<?, ?>) each)
                    .filter(row -> MODULE.equals(row.get("id")))
                    .findFirst()
                    .orElseThrow()
                    .get("version");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
