package io.culvert.it.hotplug;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;

/**
 * A bundle of ours as the launcher starts it.
 *
 * @param name its symbolic name
 */
record BuiltBundle(String name, Path jar, Attributes manifest) {
    private static final String LOG_LEVEL = "4";
    private static final String PROVIDER_LEVEL = "5";
    private static final List<String> LIBRARIES = List.of("io.culvert.api", "io.culvert.wire");

    /** One subdirectory for each start level. */
    static Path directory() {
        return Path.of(System.getProperty("culvert.checkout"), "launcher/target/bundles").normalize();
    }

    /** Of those that run only where the settings name them. */
    private static Path optionalDirectory() {
        return directory().resolveSibling("modules");
    }

    /** Those of ours that a plain installation starts, in the order in which they start. */
    static List<BuiltBundle> all() {
        return in(directory());
    }

    /** Those of ours that run only where the settings name them. */
    static List<BuiltBundle> optional() {
        var usual = all().stream().map(BuiltBundle::name).toList();
        return in(optionalDirectory()).stream().filter(b -> !usual.contains(b.name)).toList();
    }

    /** Fills {@code directory} with links to all, one subdirectory for each start level. */
    static Path linkAll(Path directory) throws IOException {
        try (var files = Files.walk(directory())) {
            for (Path jar : files.filter(f -> f.toString().endsWith(".jar")).toList()) {
                link(jar, directory.resolve(jar.getParent().getFileName()));
            }
        }
        for (var each : optional()) {
            link(each.jar, directory.resolve(each.name.startsWith("io.culvert.log.") ? LOG_LEVEL : PROVIDER_LEVEL));
        }
        return directory;
    }

    private static void link(Path jar, Path level) throws IOException {
        Files.createSymbolicLink(Files.createDirectories(level).resolve(jar.getFileName()), jar);
    }

    private static List<BuiltBundle> in(Path directory) {
        try (var files = Files.walk(directory)) {
            var found = new ArrayList<BuiltBundle>();
            for (Path jar : files.filter(f -> f.toString().endsWith(".jar")).sorted().toList()) {
                try (var file = new JarFile(jar.toFile())) {
                    var manifest = file.getManifest().getMainAttributes();
                    String name = String.valueOf(manifest.getValue("Bundle-SymbolicName"));
                    if (name.startsWith("io.culvert.")) {
                        found.add(new BuiltBundle(name, jar, manifest));
                    }
                }
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the bundles, build them with mvn package", e);
        }
    }

    /** Those that can be exchanged alone: a library takes its importers with it, and a fragment its host. */
    static List<String> modules() {
        return all().stream()
                .filter(b -> !LIBRARIES.contains(b.name) && b.manifest.getValue("Fragment-Host") == null)
                .map(BuiltBundle::name)
                .toList();
    }

    /** The packages that a header such as {@code Import-Package} names; empty without the header. */
    List<String> packages(String header) {
        String value = manifest.getValue(header);
        var packages = new ArrayList<String>();
        if (value != null) {
            // Commas within quotes belong to version ranges.
            for (String clause : value.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")) {
                for (String part : clause.split(";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")) {
                    if (part.indexOf('=') < 0) {
                        packages.add(part.strip());
                    }
                }
            }
        }
        return packages;
    }

    @Override
    public String toString() {
        return name;
    }
}
