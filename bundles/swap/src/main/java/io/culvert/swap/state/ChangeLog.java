package io.culvert.swap.state;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The changes, one file each, {@code changes/000001.json} and on. A file that is unreadable is passed over. */
public final class ChangeLog {
    private static final Pattern NAME = Pattern.compile("[0-9]{6,9}\\.json");
    private static final int KEPT = 500;

    private final Path directory;
    private final DurableFiles files;

    ChangeLog(Path directory, DurableFiles files) {
        this.directory = directory;
        this.files = files;
    }

    /** Oldest first. */
    public List<Change> all() throws IOException {
        return last(Integer.MAX_VALUE);
    }

    /** The newest {@code count}, oldest first. */
    public List<Change> last(int count) throws IOException {
        List<Path> names = names();
        var changes = new ArrayList<Change>();
        for (Path file : names.subList(Math.max(0, names.size() - count), names.size())) {
            read(file).ifPresent(changes::add);
        }
        return changes;
    }

    public Optional<Change> find(int id) throws IOException {
        Path file = file(id);
        return Files.exists(file) ? read(file) : Optional.empty();
    }

    /** The number of the next change. */
    int next() throws IOException {
        List<Path> names = names();
        return names.isEmpty() ? 1 : id(names.getLast()) + 1;
    }

    /** Returns when it is on the disk. */
    void save(Change change) throws IOException {
        files.replace(file(change.id()), JSON.std.asString(json(change)).concat("\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Forgets the oldest ones. */
    void prune() throws IOException {
        List<Path> names = names();
        for (Path old : names.subList(0, Math.max(0, names.size() - KEPT))) {
            files.delete(old);
        }
    }

    private List<Path> names() throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.filter(file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.comparingInt(ChangeLog::id))
                    .toList();
        }
    }

    private Path file(int id) {
        return directory.resolve("%06d.json".formatted(id));
    }

    private static int id(Path file) {
        String name = file.getFileName().toString();
        return Integer.parseInt(name.substring(0, name.indexOf('.')));
    }

    /** As it is written, and as it is shown. */
    public static Map<String, Object> json(Change change) {
        var json = new LinkedHashMap<String, Object>();
        json.put("id", change.id());
        json.put("kind", change.kind().word());
        json.put("module", change.module());
        json.put("target", change.target());
        change.jar().ifPresent(jar -> {
            json.put("sha256", jar.sha256());
            json.put("version", jar.version());
        });
        json.put("from", change.from());
        json.put("strategy", change.strategy().name());
        json.put("watch", change.watchSeconds());
        json.put("note", change.note());
        json.put("planHash", change.planHash());
        json.put("state", change.state().word());
        json.put("reason", change.state().reason());
        json.put("created", change.created().toString());
        json.put("updated", change.updated().toString());
        json.put("steps", change.steps().stream()
                .map(step -> Map.of("time", step.time().toString(), "line", step.line()))
                .toList());
        return json;
    }

    private static Optional<Change> read(Path file) throws IOException {
        try {
            Map<String, Object> json = JSON.std.mapFrom(Files.readString(file));
            var steps = new ArrayList<Change.Step>();
            if (json.get("steps") instanceof List<?> list) {
                for (Object each : list) {
                    var step = (Map<?, ?>) each;
                    steps.add(new Change.Step(
                            Instant.parse(String.valueOf(step.get("time"))), String.valueOf(step.get("line"))));
                }
            }
            return Optional.of(new Change(
                    id(file),
                    Change.Kind.valueOf(text(json, "kind").toUpperCase(java.util.Locale.ROOT)),
                    text(json, "module"),
                    text(json, "target"),
                    json.get("sha256") instanceof String hash
                            ? Optional.of(new Jar(hash, text(json, "version")))
                            : Optional.empty(),
                    text(json, "from"),
                    Change.Strategy.valueOf(text(json, "strategy")),
                    json.get("watch") instanceof Number seconds ? seconds.intValue() : 0,
                    text(json, "note"),
                    text(json, "planHash"),
                    ChangeState.of(text(json, "state"), text(json, "reason")),
                    Instant.parse(text(json, "created")),
                    Instant.parse(text(json, "updated")),
                    steps));
        } catch (com.fasterxml.jackson.core.JacksonException
                | ClassCastException
                | IllegalArgumentException
                | DateTimeException e) {
            return Optional.empty();
        }
    }

    private static String text(Map<String, Object> json, String name) {
        Object value = json.get(name);
        return value == null ? "" : value.toString();
    }
}
