package io.culvert.web.rest.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.culvert.api.web.AuditTrail;
import io.culvert.web.rest.server.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * The audit log in a file: one JSON object a line, each with the SHA-256 of the line before it. A line with the result
 * {@code begun} is on the disk before a call changes anything, one with its outcome before the call is answered. Taking a line out, changing one or putting one in breaks the chain;
 * cutting the end off does not, which is why each line goes to the loggers too.
 */
public final class AuditLog implements AuditTrail, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("audit");
    private static final String BEGIN = "0".repeat(64);
    private static final int SHORT = 300;
    private static final int MOST_CHANGES = 100;

    private final Path file;
    private final Json json;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    /** Of all logs of this file in this machine: an exchanged console answers its last calls beside the next one. */
    private final Object everybody;
    /** No channel: an interrupted thread would close that for all others. */
    private final RandomAccessFile channel;
    private long end;
    private long number;
    private String last = BEGIN;

    /**
     * A line as it is written.
     *
     * @param changes null for none, and in lines of versions that did not say them
     * @param begun number of the line whose outcome this is; null for none
     * @param previous hash of the line before
     */
    private record Line(
            long number,
            Instant time,
            String who,
            io.culvert.api.web.Role role,
            String from,
            String what,
            String target,
            String note,
            String result,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<Changed> changes,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long begun,
            String previous) {

        Numbered numbered(String hash) {
            List<Changed> said = changes == null ? List.of() : changes;
            return new Numbered(number, time, new Entry(who, role, from, what, target, note, result, said), hash);
        }

        boolean says(String sought) {
            var text = new StringBuilder(who).append(' ').append(what).append(' ').append(target).append(' ').append(note);
            for (Changed each : changes == null ? List.<Changed>of() : changes) {
                text.append(' ').append(each.field()).append(' ').append(each.before()).append(' ').append(each.after());
            }
            return text.toString().toLowerCase(Locale.ROOT).contains(sought);
        }
    }

    /** What a look at the whole chain finds. */
    public record Verdict(boolean intact, long entries, String last, String problem) {}

    private AuditLog(Path file, Json json, InstantSource clock) throws IOException {
        this.file = file;
        this.json = json;
        this.clock = clock;
        this.everybody = ("culvert audit " + file.toAbsolutePath()).intern();
        this.channel = new RandomAccessFile(file.toFile(), "rw");
    }

    /** Goes on where the file ends; a line that a crash cut short is taken away, as nothing was answered for it. */
    public static AuditLog open(Path file, Json json, InstantSource clock) throws IOException {
        Files.createDirectories(
                file.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var log = new AuditLog(file, json, clock);
        try {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            synchronized (log.everybody) {
                log.resume();
            }
        } catch (IOException | RuntimeException e) {
            log.close();
            throw e;
        }
        return log;
    }

    private void resume() throws IOException {
        byte[] all = Files.readAllBytes(file);
        int whole = all.length;
        while (whole > 0 && all[whole - 1] != '\n') {
            whole--;
        }
        if (whole < all.length) {
            LOG.warn("audit: {} ended in half a line, which is taken away", file);
            channel.setLength(whole);
            channel.getFD().sync();
        }
        end = whole;
        int begin = whole - 1;
        while (begin > 0 && all[begin - 1] != '\n') {
            begin--;
        }
        if (whole > 0) {
            byte[] line = java.util.Arrays.copyOfRange(all, begin, whole - 1);
            last = hash(line);
            try {
                number = json.read(line, Line.class).number();
            } catch (JacksonException e) {
                // It is kept as it is: verify tells of it. Numbers go on behind it.
                number = new String(all, 0, whole, StandardCharsets.UTF_8).lines().count();
            }
        }
    }

    @Override
    public void record(Entry entry) throws IOException {
        write(entry, null);
    }

    @Override
    public long begin(Entry entry) throws IOException {
        return write(entry, null);
    }

    @Override
    public void end(long begun, Entry entry) throws IOException {
        write(entry, begun);
    }

    private long write(Entry entry, @Nullable Long begun) throws IOException {
        lock.lock();
        try {
            synchronized (everybody) {
                if (channel.length() != end) {
                    resume();
                }
                append(entry, begun);
                return number;
            }
        } finally {
            lock.unlock();
        }
    }

    private void append(Entry entry, @Nullable Long begun) throws IOException {
        var line = new Line(
                number + 1,
                clock.instant().truncatedTo(ChronoUnit.MILLIS),
                brief(entry.who()),
                entry.role(),
                entry.from(),
                brief(entry.what()),
                brief(entry.target()),
                brief(entry.note()),
                entry.result(),
                entry.changes().isEmpty() ? null : brief(entry.changes()),
                begun,
                last);
        byte[] text = json.write(line);
        byte[] whole = java.util.Arrays.copyOf(text, text.length + 1);
        whole[text.length] = '\n';
        try {
            channel.seek(end);
            channel.write(whole);
            channel.getFD().sync();
        } catch (IOException e) {
            channel.setLength(end);
            throw e;
        }
        end += whole.length;
        number = line.number();
        last = hash(text);
        LOG.info("audit {}: {} ({}) from {}: {} {} {}, {}{}", number, entry.who().isEmpty() ? "nobody" : line.who(),
                entry.role(), entry.from(), line.what(), line.target(), line.note(), entry.result(),
                entry.changes().isEmpty() ? "" : " " + words(line));
    }

    private static String words(Line line) {
        List<Changed> changes = line.changes() == null ? List.of() : line.changes();
        return changes.stream()
                .map(each -> each.field() + " '" + each.before() + "' -> '" + each.after() + "'")
                .collect(Collectors.joining(", ", "(", ")"));
    }

    private static List<Changed> brief(List<Changed> changes) {
        return changes.stream()
                .limit(MOST_CHANGES)
                .map(each -> new Changed(brief(each.field()), brief(each.before()), brief(each.after())))
                .toList();
    }

    private static String brief(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= SHORT ? line : line.substring(0, SHORT) + "...";
    }

    @Override
    public List<Numbered> find(Optional<Long> before, String text, int limit) throws IOException {
        var found = new ArrayList<Numbered>();
        String sought = text.toLowerCase(Locale.ROOT);
        // Intents whose outcome stands further down tell nothing more.
        var over = new HashSet<Long>();
        // From the end, as that is what is looked at.
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            var backwards = new Backwards(in);
            for (byte[] bytes = backwards.previous(); bytes != null && found.size() < limit; bytes = backwards.previous()) {
                try {
                    Line line = json.read(bytes, Line.class);
                    if (line.begun() != null) {
                        over.add(line.begun());
                    }
                    if (!over.remove(line.number())
                            && (before.isEmpty() || line.number() < before.get())
                            && line.says(sought)) {
                        found.add(line.numbered(hash(bytes)));
                    }
                } catch (JacksonException e) {
                    // Damaged: verify tells of it.
                }
            }
        }
        return found;
    }

    /** Looks at every line from the first. */
    public Verdict verify() throws IOException {
        String previous = BEGIN;
        long count = 0;
        try (var lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                count++;
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                try {
                    Line line = json.read(bytes, Line.class);
                    if (line.number() != count || !line.previous().equals(previous)) {
                        return new Verdict(false, count - 1, previous,
                                "line " + count + " does not follow the one before it");
                    }
                } catch (JacksonException e) {
                    return new Verdict(false, count - 1, previous, "line " + count + " is damaged");
                }
                previous = hash(bytes);
            }
        } catch (java.nio.charset.CharacterCodingException e) {
            return new Verdict(false, count, previous, "line " + (count + 1) + " is damaged");
        }
        lock.lock();
        try {
            return count < number
                    ? new Verdict(false, count, previous, (number - count) + " lines are missing at the end")
                    : new Verdict(true, count, previous, "");
        } finally {
            lock.unlock();
        }
    }

    long entries() {
        lock.lock();
        try {
            return number;
        } finally {
            lock.unlock();
        }
    }

    private static String hash(byte[] line) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(line));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
