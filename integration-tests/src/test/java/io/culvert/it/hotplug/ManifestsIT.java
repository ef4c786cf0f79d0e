package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who may know whom. Every part sees the extension points and nothing of another part, so that each can be exchanged
 * without refreshing another. The JDK, the specification packages of OSGi, SLF4J and null annotations are open to all.
 */
class ManifestsIT {
    private static final Set<String> OPEN = Set.of("org.slf4j", "org.slf4j.event", "org.jspecify.annotations");
    private static final List<String> API = List.of("io.culvert.api.");
    private static final List<String> API_AND_WIRE = List.of("io.culvert.api.", "io.culvert.wire");

    /** By the begin of a module's id, the first that fits: the begins of the packages it may import. */
    private static final Map<String, List<String>> MAY_IMPORT = new LinkedHashMap<>();

    /** A library that one module alone uses, so that the module can be replaced together with it. */
    private static final Map<String, List<String>> LIBRARIES = Map.ofEntries(
            Map.entry("control", List.of("com.fasterxml.jackson.", "org.yaml.snakeyaml")),
            Map.entry("swap", List.of("com.fasterxml.jackson.", "org.bouncycastle.")),
            Map.entry("store.local", List.of("org.sqlite.")),
            Map.entry("pki", List.of("org.bouncycastle.")),
            Map.entry("backup", List.of("org.bouncycastle.")),
            Map.entry("auth.file", List.of("org.bouncycastle.")),
            Map.entry("auth.jdbc", List.of("org.bouncycastle.")),
            Map.entry("web.rest", List.of("org.bouncycastle.")),
            Map.entry("web.acme", List.of("org.bouncycastle.")),
            Map.entry("auth.radius", List.of("org.bouncycastle.")),
            Map.entry("tls.bouncycastle", List.of("org.bouncycastle.")),
            Map.entry("crypto.bouncycastle", List.of("org.bouncycastle.")),
            // The two halves of the log: the fragment is reached by every logger, the hub by every sink.
            Map.entry("log.hub", List.of("io.culvert.log.slf4j")));

    private static final Set<String> EXPORTERS = Set.of("api", "wire", "log.slf4j");

    static {
        MAY_IMPORT.put("api", API);
        for (String id : List.of("wire", "core", "tunnel.", "policy.", "route.", "net.", "codec.")) {
            MAY_IMPORT.put(id, API_AND_WIRE);
        }
        for (String id : List.of("tls.", "crypto.", "auth.", "failover.", "log.", "store.", "pki", "control", "swap", "backup", "trace.", "web.")) {
            MAY_IMPORT.put(id, API);
        }
    }

    private static List<BuiltBundle> bundles() {
        return Stream.concat(BuiltBundle.all().stream(), BuiltBundle.optional().stream()).toList();
    }

    @Test
    void shouldFindTheBundles() {
        var ids = bundles().stream().map(ManifestsIT::id).collect(Collectors.toSet());
        assertTrue(ids.containsAll(Set.of("api", "wire", "core", "tunnel.openvpn", "control")), ids.toString());
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void shouldImportOnlyWhatItsRowAllows(BuiltBundle bundle) {
        String id = id(bundle);
        var allowed = MAY_IMPORT.keySet().stream().filter(id::startsWith).findFirst().map(MAY_IMPORT::get).orElse(null);
        assertNotNull(allowed, "no row for " + id + ": say in MAY_IMPORT what it may know");
        var others = bundle.packages("Import-Package").stream()
                .filter(p -> !isOpen(p) && !begins(p, allowed) && !begins(p, LIBRARIES.getOrDefault(id, List.of())))
                .toList();
        assertEquals(List.of(), others, id + " imports what it may not know");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void shouldBeKnownOnlyByItsServices(BuiltBundle bundle) {
        if (!EXPORTERS.contains(id(bundle))) {
            assertEquals(List.of(), bundle.packages("Export-Package"), id(bundle) + " exports packages");
        }
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void shouldReachNothingOutsideOfItsImports(BuiltBundle bundle) {
        assertNull(bundle.manifest().getValue("Require-Bundle"));
        assertNull(bundle.manifest().getValue("DynamicImport-Package"));
        assertNull(bundle.manifest().getValue("Bundle-ClassPath"), "no library inside a bundle");
    }

    @Test
    void shouldUseEachLibraryInTheBundlesThatAreAllowedTo() {
        for (var bundle : bundles()) {
            var libraries = LIBRARIES.getOrDefault(id(bundle), List.of());
            for (String library : libraries) {
                assertTrue(
                        bundle.packages("Import-Package").stream().anyMatch(p -> begins(p, List.of(library))),
                        id(bundle) + " no longer uses " + library + ": take it from LIBRARIES");
            }
        }
    }

    private static String id(BuiltBundle bundle) {
        return bundle.name().substring("io.culvert.".length());
    }

    private static boolean isOpen(String name) {
        return OPEN.contains(name) || name.startsWith("org.osgi.") || ModuleLayer.boot().modules().stream()
                .anyMatch(m -> m.getName() != null && m.getPackages().contains(name));
    }

    private static boolean begins(String name, List<String> begins) {
        return begins.stream().anyMatch(name::startsWith);
    }
}
