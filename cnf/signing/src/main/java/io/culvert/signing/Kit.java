package io.culvert.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * A Maven repository with what authors of modules compile against, in the layout that Maven reads from a file address:
 * the extension points, the fakes for tests, and a parent project. A build that is no release has a version of its own
 * for each content, as Maven never fetches a version twice.
 */
final class Kit {
    private static final String GROUP = "io.culvert";
    private static final List<String> JARS = List.of("io.culvert.api", "io.culvert.wire", "io.culvert.test-support");

    private final Path jars;
    private final Path settings;
    private final Path kit;
    private final boolean released;

    /**
     * @param jars the directory with the jars, each {@code NAME-VERSION.jar}
     * @param settings the project with the versions of everything, {@code cnf/pom.xml}
     * @param kit is replaced
     */
    Kit(Path jars, Path settings, Path kit, boolean released) {
        this.jars = jars;
        this.settings = settings;
        this.kit = kit;
        this.released = released;
    }

    void make(String release) throws IOException {
        String parent = parent();
        String versions = Files.readString(settings);
        String version = released ? release : release + "-dev-" + content(release, parent + versions);
        if (Files.exists(kit.resolve("version")) && Files.readString(kit.resolve("version")).strip().equals(version)) {
            return;
        }
        delete(kit);
        for (String name : JARS) {
            Path directory = directory(name, version);
            Files.copy(jar(name, release), directory.resolve(name + "-" + version + ".jar"),
                    StandardCopyOption.REPLACE_EXISTING);
            Files.writeString(directory.resolve(name + "-" + version + ".pom"), """
                    <project xmlns="http://maven.apache.org/POM/4.0.0">
                      <modelVersion>4.0.0</modelVersion>
                      <groupId>%s</groupId>
                      <artifactId>%s</artifactId>
                      <version>%s</version>
                    </project>
                    """.formatted(GROUP, name, version));
        }
        Files.writeString(directory("culvert-cnf", version).resolve("culvert-cnf-" + version + ".pom"),
                versions.replaceFirst("<version>[^<]*</version>", "<version>" + version + "</version>"));
        Files.writeString(directory("culvert-module", version).resolve("culvert-module-" + version + ".pom"),
                parent.replace("@version@", version));
        Files.writeString(kit.resolve("version"), version + "\n");
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Path jar(String name, String release) {
        return jars.resolve(name + "-" + release + ".jar");
    }

    private Path directory(String name, String version) throws IOException {
        return Files.createDirectories(
                kit.resolve("repository").resolve(GROUP.replace('.', '/')).resolve(name).resolve(version));
    }

    private String content(String release, String texts) throws IOException {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (String name : JARS) {
                digest.update(Files.readAllBytes(jar(name, release)));
            }
            digest.update(texts.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String parent() throws IOException {
        try (InputStream in = Kit.class.getResourceAsStream("culvert-module.xml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
