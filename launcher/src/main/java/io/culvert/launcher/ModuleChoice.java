package io.culvert.launcher;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which jars run: those that came with the release, {@code bundles/<start level>/*.jar}; in their place what
 * {@code var/modules/state.json} says; and the optional ones of {@code modules/} that the settings mention.
 */
final class ModuleChoice {
    private static final int LIBRARIES = 1;
    private static final String PREFIX = "io.culvert.";
    private static final Pattern FILE_NAME = Pattern.compile("(io\\.culvert\\.[A-Za-z0-9.]+?)-[0-9].*\\.jar");

    private final HomeDirectory home;
    private final Map<String, Entry> entries;
    private final List<Choice> choices = new ArrayList<>();
    private final Set<String> chosen = new HashSet<>();

    /**
     * A bundle to install.
     *
     * @param sources the first one that can be installed counts
     */
    record Choice(String name, int startLevel, List<Source> sources) {
        /** Whether it is a module, whose jar is signed; the release's signed index has the libraries. */
        boolean isOurs() {
            return name.startsWith(PREFIX);
        }
    }

    /**
     * A jar.
     *
     * @param hash SHA-256 that it must have; empty for what came with the release
     */
    record Source(String location, Path file, Optional<String> hash) {
        /** What the framework is to read; null for it to read the location itself. */
        @Nullable InputStream open() throws IOException {
            return hash.isPresent() ? Files.newInputStream(file) : null;
        }

        boolean intact() throws IOException {
            return hash.isEmpty() || hash.get().equals(sha256(file));
        }

        private static String sha256(Path file) throws IOException {
            try {
                return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** As {@code io.culvert.swap.state.ModuleEntry}: the hashes of two jars, and what is to become of the module. */
    private record Entry(Optional<String> current, Optional<String> kept, String standing) {
        boolean removed() {
            return standing.equals("removed");
        }
    }

    private ModuleChoice(HomeDirectory home, Map<String, Entry> entries) {
        this.home = home;
        this.entries = entries;
    }

    /** In the order in which they are to be installed. */
    static List<Choice> of(HomeDirectory home, Path bundles) throws IOException {
        var choice = new ModuleChoice(home, entries(home.modules().resolve("state.json")));
        for (Path level : sorted(bundles)) {
            choice.shipped(level, Integer.parseInt(level.getFileName().toString()));
        }
        choice.optional(bundles.resolveSibling("modules"));
        choice.installed();
        return choice.choices;
    }

    private void shipped(Path level, int startLevel) throws IOException {
        // Copying the big libraries takes longer than anything else here. Our own bundles are copied: a build may replace
        // the files of a running appliance.
        String scheme = startLevel == LIBRARIES ? "reference:" : "";
        for (Path jar : sorted(level)) {
            add(startLevel == LIBRARIES ? jar.toString() : name(jar), startLevel, Optional.of(scheme + jar.toUri()), jar);
        }
    }

    /** Those that the settings mention anywhere: one too many does no harm, as only those that they name are started. */
    private void optional(Path modules) throws IOException {
        if (!Files.isDirectory(modules)) {
            return;
        }
        String settings = Files.exists(home.settings()) ? Files.readString(home.settings()) : "";
        for (Path jar : sorted(modules)) {
            if (jar.toString().endsWith(".jar")) {
                String name = name(jar);
                if (name.startsWith(PREFIX) && mentions(settings, name.substring(PREFIX.length()))) {
                    add(name, startLevel(name), Optional.of(jar.toUri().toString()), jar);
                }
            }
        }
    }

    static boolean mentions(String settings, String module) {
        return Pattern.compile("^[^#\\n]*?(?<![\\w.-])[\"']?" + Pattern.quote(module) + "[\"']?\\s*:", Pattern.MULTILINE)
                .matcher(settings)
                .find();
    }

    /** What operators installed that the release does not have. */
    private void installed() {
        entries.forEach((module, entry) -> {
            String name = PREFIX + module;
            if (!chosen.contains(name)) {
                add(name, startLevel(name), Optional.empty(), Path.of(""));
            }
        });
    }

    private void add(String name, int startLevel, Optional<String> location, Path shipped) {
        if (!chosen.add(name)) {
            return;
        }
        Entry entry = name.startsWith(PREFIX) ? entries.get(name.substring(PREFIX.length())) : null;
        if (entry != null && entry.removed()) {
            return;
        }
        var sources = new ArrayList<Source>();
        if (entry != null) {
            entry.current.ifPresent(hash -> sources.add(source(name, hash)));
            // What was kept is next to best when the jar is damaged.
            entry.current.flatMap(_ -> entry.kept).ifPresent(hash -> sources.add(source(name, hash)));
        }
        location.ifPresent(where -> sources.add(new Source(where, shipped, Optional.empty())));
        if (!sources.isEmpty()) {
            choices.add(new Choice(name, startLevel, sources));
        }
    }

    private Source source(String name, String hash) {
        return new Source(
                "culvert:" + name + ":" + hash, home.modules().resolve("jars").resolve(hash + ".jar"), Optional.of(hash));
    }

    /** As the shipped ones of the same kind have it. */
    static int startLevel(String name) {
        String module = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        int dot = module.indexOf('.');
        return switch (dot < 0 ? module : module.substring(0, dot)) {
            case "log", "store" -> 4;
            case "core" -> 6;
            case "tunnel" -> 7;
            default -> 5;
        };
    }

    private static String name(Path jar) throws IOException {
        var matcher = FILE_NAME.matcher(jar.getFileName().toString());
        if (matcher.matches()) {
            return matcher.group(1);
        }
        if (!jar.toString().endsWith(".jar")) {
            return jar.toString();
        }
        try (var file = new JarFile(jar.toFile())) {
            var manifest = file.getManifest();
            String name = manifest == null ? null : manifest.getMainAttributes().getValue("Bundle-SymbolicName");
            return name == null ? jar.toString() : name.replaceFirst(";.*", "").strip();
        }
    }

    private static Map<String, Entry> entries(Path file) throws IOException {
        var entries = new LinkedHashMap<String, Entry>();
        if (Files.exists(file)) {
            Object modules;
            try {
                modules = JSON.std.mapFrom(Files.readString(file)).get("modules");
            } catch (IOException e) {
                throw new Failure(file + " is unreadable; move it away to start with the modules of the release");
            }
            if (modules instanceof Map<?, ?> map) {
                map.forEach((module, each) -> {
                    if (each instanceof Map<?, ?> entry) {
                        entries.put(
                                String.valueOf(module),
                                new Entry(
                                        hash(entry.get("current")),
                                        hash(entry.get("kept")),
                                        String.valueOf(entry.get("standing"))));
                    }
                });
            }
        }
        return entries;
    }

    private static Optional<String> hash(@Nullable Object jar) {
        return jar instanceof Map<?, ?> map && map.get("sha256") instanceof String hash && hash.matches("[0-9a-f]{64}")
                ? Optional.of(hash)
                : Optional.empty();
    }

    private static List<Path> sorted(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }
}
