package io.culvert.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** The settings that a first run writes. */
final class DefaultSettings {
    private DefaultSettings() {}

    /** @param random picks the IPv6 prefix; RFC 4193 section 3.2.2 asks for good randomness */
    static String text(RandomGenerator random) {
        try (var template = DefaultSettings.class.getResourceAsStream("culvert.yaml")) {
            if (template == null) {
                throw new IllegalStateException("culvert.yaml is missing from the launcher's jar");
            }
            return new String(template.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${ula}", uniqueLocalPrefix(random));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A random /64 of fd00::/8 (RFC 4193 section 3.1): 40 bits of global id, 16 bits of subnet id. */
    static String uniqueLocalPrefix(RandomGenerator random) {
        long bits = random.nextLong();
        return "fd%02x:%x:%x:%x::/64"
                .formatted(bits >>> 48 & 0xff, bits >>> 32 & 0xffff, bits >>> 16 & 0xffff, bits & 0xffff);
    }
}
