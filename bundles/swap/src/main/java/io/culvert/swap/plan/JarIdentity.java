package io.culvert.swap.plan;

import io.culvert.swap.state.Change.Strategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Version;

/**
 * What a jar's manifest says.
 *
 * @param module its id
 * @param strategy what the module asks for with the header {@code Culvert-Swap: side-by-side} or {@code replace}
 */
public record JarIdentity(String module, Version version, Optional<Strategy> strategy) {
    public static final String PREFIX = "io.culvert.";

    /** The header with which a module says how its versions take over from each other. */
    public static final String SWAP = "Culvert-Swap";

    /** @throws Refused when it is no module */
    public static JarIdentity read(Path file) throws Refused {
        if (!Files.isRegularFile(file)) {
            throw new Refused(file + ": not found");
        }
        try (var jar = new JarFile(file.toFile())) {
            var manifest = jar.getManifest();
            if (manifest == null) {
                throw new Refused(file + " is no module: it has no manifest");
            }
            Attributes headers = manifest.getMainAttributes();
            String name = headers.getValue("Bundle-SymbolicName");
            String symbolicName = name == null ? "" : name.replaceFirst(";.*", "").strip();
            if (!symbolicName.matches("io\\.culvert\\.[a-z0-9]+(\\.[a-z0-9-]+)*")) {
                throw new Refused(file + " is no module: its Bundle-SymbolicName is '" + symbolicName
                        + "' and should be like io.culvert.KIND.NAME");
            }
            if (headers.getValue("Fragment-Host") != null) {
                throw new Refused(file + " is no module but a fragment of " + headers.getValue("Fragment-Host"));
            }
            String version = headers.getValue("Bundle-Version");
            return new JarIdentity(
                    symbolicName.substring(PREFIX.length()),
                    Version.parseVersion(version == null ? "0" : version.strip()),
                    strategy(headers.getValue(SWAP)));
        } catch (IOException | IllegalArgumentException e) {
            throw new Refused(file + " is no readable jar: " + e.getMessage());
        }
    }

    /** @param header the value of {@link #SWAP}; empty for one that is missing or unknown */
    public static Optional<Strategy> strategy(@Nullable String header) {
        return switch (header == null ? "" : header.strip()) {
            case "replace" -> Optional.of(Strategy.REPLACE);
            case "side-by-side" -> Optional.of(Strategy.SIDE_BY_SIDE);
            default -> Optional.empty();
        };
    }
}
