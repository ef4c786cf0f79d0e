package io.culvert.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/**
 * {@code module new}: a Maven project for a module of one's own, which builds against the release's kit: a Maven repository
 * beside the bundles, {@code kit/repository}.
 */
@Command(name = "new", description = "Make a project for a module of your own: sources, settings, a passing test.")
final class NewModule implements Runnable {
    private static final List<String> KINDS = List.of("auth", "log", "codec", "crypto", "tls", "tunnel");
    private static final Map<String, String> SUFFIXES = Map.of(
            "auth", "Authenticator", "log", "Sink", "codec", "Codec", "crypto", "Ciphers", "tls", "Tls",
            "tunnel", "Protocol");

    @ParentCommand
    ModuleCommand module;

    @Parameters(paramLabel = "KIND", description = "auth, log, codec, crypto, tls or tunnel.")
    String kind;

    @Parameters(paramLabel = "NAME", description = "A word of small letters and digits; the module's id is KIND.NAME.")
    String name;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where the project goes; ./KIND.NAME unless told.")
    Path directory;

    @Override
    public void run() {
        if (!KINDS.contains(kind)) {
            throw new Failure(kind + ": no such kind; there are " + String.join(", ", KINDS));
        }
        if (!name.matches("[a-z][a-z0-9]*")) {
            throw new Failure(name + ": must be a word of small letters and digits, and begin with a letter");
        }
        Path kit = Distribution.directory().resolve("kit");
        Path project = (directory == null ? Path.of(kind + "." + name) : directory).toAbsolutePath().normalize();
        try {
            write(project, kit);
        } catch (IOException e) {
            throw new Failure(project + ": cannot be written: " + Errors.line(e));
        }
        var answer = new LinkedHashMap<String, Object>();
        answer.put("module", kind + "." + name);
        answer.put("directory", project.toString());
        module.main.print(answer, "made " + project + "; build it with: mvn package");
    }

    private void write(Path project, Path kit) throws IOException {
        if (!Files.exists(kit.resolve("version"))) {
            throw new Failure(kit + ": the kit is missing; install the whole release, or build with: mvn package");
        }
        if (Files.exists(project) && !isEmpty(project)) {
            throw new Failure(project + ": is there already; choose another --dir");
        }
        String title = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1) + SUFFIXES.get(kind);
        String source = "java/io/culvert/" + kind + "/" + name + "/";
        var values = new LinkedHashMap<String, String>();
        values.put("id", kind + "." + name);
        values.put("name", name);
        values.put("package", "io.culvert." + kind + "." + name);
        values.put("Class", title);
        values.put("kitVersion", Files.readString(kit.resolve("version")).strip());
        values.put("repository", kit.resolve("repository").toUri().toString());
        copy("pom.xml", project.resolve("pom.xml"), values);
        copy("README.md", project.resolve("README.md"), values);
        copy("gitignore", project.resolve(".gitignore"), values);
        copy("maven.config", project.resolve(".mvn/maven.config"), values);
        copy("package-info.java.txt", project.resolve("src/main/" + source + "package-info.java"), values);
        copy(kind + "/Module.java.txt", project.resolve("src/main/" + source + title + ".java"), values);
        copy(kind + "/ModuleTest.java.txt", project.resolve("src/test/" + source + title + "Test.java"), values);
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    private static void copy(String template, Path to, Map<String, String> values) throws IOException {
        String text;
        try (InputStream in = NewModule.class.getResourceAsStream("kit/" + template)) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (var value : values.entrySet()) {
            text = text.replace("@" + value.getKey() + "@", value.getValue());
        }
        Files.createDirectories(to.getParent());
        Files.writeString(to, text);
    }
}
