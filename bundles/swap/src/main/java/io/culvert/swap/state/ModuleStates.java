package io.culvert.swap.state;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code state.json}: what differs from the modules that came with the release.
 *
 * <pre>
 * {"format":1,"modules":{"tls.jsse":{"current":{"sha256":"…","version":"0.1.1"},"kept":{…},"standing":"running","change":7}}}
 * </pre>
 *
 * <p>Threads: any.
 */
public final class ModuleStates {
    private static final int FORMAT = 1;

    private final Path file;
    private final DurableFiles files;
    private Map<String, ModuleEntry> entries;

    /**
     * Reads what is there.
     *
     * @throws IOException when it is unreadable; it is then left as it is
     */
    ModuleStates(Path file, DurableFiles files) throws IOException {
        this.file = file;
        this.files = files;
        this.entries = Files.exists(file) ? parse(Files.readString(file), file) : Map.of();
    }

    /** By module id. */
    public synchronized Map<String, ModuleEntry> all() {
        return entries;
    }

    public ModuleEntry of(String module) {
        return all().getOrDefault(module, ModuleEntry.SHIPPED);
    }

    /** Returns when it is on the disk; when it throws, the old state may or may not be in force after a restart. */
    synchronized void put(String module, ModuleEntry entry) throws IOException {
        var next = new TreeMap<>(entries);
        next.put(module, entry);
        files.replace(file, text(next).getBytes(StandardCharsets.UTF_8));
        entries = Map.copyOf(next);
    }

    private static String text(Map<String, ModuleEntry> entries) throws IOException {
        var modules = new LinkedHashMap<String, Object>();
        entries.forEach((module, entry) -> {
            var json = new LinkedHashMap<String, Object>();
            entry.current().ifPresent(jar -> json.put("current", json(jar)));
            entry.kept().ifPresent(jar -> json.put("kept", json(jar)));
            json.put("standing", entry.standing().name().toLowerCase(Locale.ROOT));
            json.put("change", entry.change());
            modules.put(module, json);
        });
        var all = new LinkedHashMap<String, Object>();
        all.put("format", FORMAT);
        all.put("modules", modules);
        return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(all) + "\n";
    }

    private static Map<String, Object> json(Jar jar) {
        var json = new LinkedHashMap<String, Object>();
        json.put("sha256", jar.sha256());
        json.put("version", jar.version());
        return json;
    }

    private static Map<String, ModuleEntry> parse(String text, Path file) throws IOException {
        try {
            Map<String, Object> all = JSON.std.mapFrom(text);
            if (!(all.get("format") instanceof Number format) || format.intValue() != FORMAT) {
                throw new IOException(file + " is of another format than " + FORMAT);
            }
            var entries = new TreeMap<String, ModuleEntry>();
            ((Map<?, ?>) all.getOrDefault("modules", Map.of())).forEach((module, each) -> {
                var json = (Map<?, ?>) each;
                entries.put(
                        String.valueOf(module),
                        new ModuleEntry(
                                jar(json.get("current")),
                                jar(json.get("kept")),
                                ModuleEntry.Standing.valueOf(
                                        String.valueOf(json.get("standing")).toUpperCase(Locale.ROOT)),
                                json.get("change") instanceof Number change ? change.intValue() : 0));
            });
            return Map.copyOf(entries);
        } catch (IOException | ClassCastException | IllegalArgumentException e) {
            throw new IOException(
                    file + " is unreadable (" + e.getMessage() + "); move it away to go back to the modules of the release", e);
        }
    }

    private static Optional<Jar> jar(@Nullable Object json) {
        return json instanceof Map<?, ?> map
                ? Optional.of(new Jar(String.valueOf(map.get("sha256")), String.valueOf(map.get("version"))))
                : Optional.empty();
    }
}
