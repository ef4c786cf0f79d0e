package io.culvert.control.config;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Place;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The changes made by commands, one file each, {@code 000001.json} and on. A file holds the whole overlay after its
 * change, so the newest one is in force. A change is on the disk, all of it or nothing, when {@link #append} returns.
 */
public final class History {
    private static final Pattern NAME = Pattern.compile("[0-9]{6,9}\\.json");
    private static final int KEPT = 200;

    private final Path directory;

    public History(Path directory) {
        this.directory = directory;
    }

    /**
     * One change.
     *
     * @param number from 1; 0 stands for the time before the first
     * @param change what was done, in a few words
     * @param overlay settings by module id, as JSON can hold them
     */
    public record Entry(int number, Instant time, String change, Map<String, Object> overlay) {
        /** The settings, with a place that names their file. */
        Branch settings() {
            return (Branch) Values.node(overlay, new Place("var/config/" + name(number), 0, 0));
        }
    }

    /** Oldest first. */
    public List<Entry> entries() throws SettingsException {
        return last(Integer.MAX_VALUE);
    }

    /** The newest {@code count}, oldest first. */
    public List<Entry> last(int count) throws SettingsException {
        List<Path> files = files();
        var entries = new ArrayList<Entry>();
        for (Path file : files.subList(Math.max(0, files.size() - count), files.size())) {
            entries.add(read(file));
        }
        return entries;
    }

    /** The entry in force; number 0 with an empty overlay before the first change. */
    public Entry newest() throws SettingsException {
        List<Path> files = files();
        return files.isEmpty() ? new Entry(0, Instant.EPOCH, "", Map.of()) : read(files.getLast());
    }

    /** @throws SettingsException when there is no such entry (any more) */
    public Entry entry(int number) throws SettingsException {
        if (number == 0) {
            return new Entry(0, Instant.EPOCH, "", Map.of());
        }
        Path file = directory.resolve(name(number));
        if (!Files.exists(file)) {
            throw new SettingsException("there is no change " + number + "; see: culvert config history");
        }
        return read(file);
    }

    /** Makes {@code overlay} the one in force. */
    public Entry append(Instant time, String change, Map<String, Object> overlay) throws SettingsException {
        List<Path> before = files();
        int number = before.isEmpty() ? 1 : number(before.getLast()) + 1;
        var json = new LinkedHashMap<String, Object>();
        json.put("number", number);
        json.put("time", time.toString());
        json.put("change", change);
        json.put("overlay", overlay);
        try {
            write(directory.resolve(name(number)), JSON.std.asString(json) + "\n");
            for (Path old : before.subList(0, Math.max(0, before.size() + 1 - KEPT))) {
                Files.deleteIfExists(old);
            }
        } catch (IOException e) {
            throw new SettingsException("cannot keep the change in " + directory + ": " + e.getMessage());
        }
        return new Entry(number, time, change, overlay);
    }

    private void write(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(draft);
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var channel =
                FileChannel.open(draft, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        // The new name is durable only when its directory is.
        try (var parent = FileChannel.open(directory, StandardOpenOption.READ)) {
            parent.force(true);
        }
    }

    private List<Path> files() throws SettingsException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var files = Files.list(directory)) {
            return files.filter(file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted((a, b) -> Integer.compare(number(a), number(b)))
                    .toList();
        } catch (IOException e) {
            throw new SettingsException("cannot read " + directory + ": " + e.getMessage());
        }
    }

    private Entry read(Path file) throws SettingsException {
        try {
            Map<String, Object> json = JSON.std.mapFrom(Files.readString(file));
            if (json.get("overlay") instanceof Map<?, ?> overlay) {
                var settings = new LinkedHashMap<String, Object>();
                overlay.forEach((name, value) -> settings.put(String.valueOf(name), value));
                return new Entry(
                        number(file),
                        Instant.parse(String.valueOf(json.get("time"))),
                        String.valueOf(json.get("change")),
                        settings);
            }
            throw new SettingsException(unreadable(file));
        } catch (IOException | java.time.DateTimeException e) {
            throw new SettingsException(unreadable(file));
        }
    }

    private static String unreadable(Path file) {
        return file + " is unreadable; move it away to go back to the change before it";
    }

    private static String name(int number) {
        return "%06d.json".formatted(number);
    }

    private static int number(Path file) {
        String name = file.getFileName().toString();
        return Integer.parseInt(name.substring(0, name.indexOf('.')));
    }
}
