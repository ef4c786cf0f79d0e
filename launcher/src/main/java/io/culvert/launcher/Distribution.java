package io.culvert.launcher;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a release consists of: {@code bundles}, {@code modules} and {@code kit} lie beside the launcher's jar. */
final class Distribution {
    private Distribution() {}

    static Path directory() {
        try {
            return Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Path bundles() {
        Path bundles = directory().resolve("bundles");
        if (!Files.isDirectory(bundles)) {
            throw new Failure("no bundles in " + bundles + "; build them with: mvn -DskipTests package");
        }
        return bundles;
    }
}
