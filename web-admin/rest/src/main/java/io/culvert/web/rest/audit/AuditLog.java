package io.culvert.web.rest.audit;

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
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * The audit log in a file: one JSON object a line, each with the SHA-256 of the line before it. A line is on the disk
 * before the call that it tells of is answered. Taking a line out, changing one or putting one in breaks the chain;
 * cutting the end off does not, which is why each line goes to the loggers too.
 */
public final class AuditLog implements AuditTrail, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("audit");
    private static final String BEGIN = "0".repeat(64);
    private static final int SHORT = 300;

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

    /** A line as it is written; {@code previous} is the hash of the line before. */
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
            String previous) {

        Numbered numbered(String hash) {
            return new Numbered(number, time, new Entry(who, role, from, what, target, note, result), hash);
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
        lock.lock();
        try {
            synchronized (everybody) {
                if (channel.length() != end) {
                    resume();
                }
                append(entry);
            }
        } finally {
            lock.unlock();
        }
    }

    private void append(Entry entry) throws IOException {
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
        LOG.info("audit {}: {} ({}) from {}: {} {} {}, {}", number, entry.who().isEmpty() ? "nobody" : line.who(),
                entry.role(), entry.from(), line.what(), line.target(), line.note(), entry.result());
    }

    private static String brief(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= SHORT ? line : line.substring(0, SHORT) + "...";
    }

    @Override
    public List<Numbered> find(Optional<Long> before, String text, int limit) throws IOException {
        var found = new ArrayList<Numbered>();
        String sought = text.toLowerCase(Locale.ROOT);
        // From the end, as that is what is looked at.
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            var backwards = new Backwards(in);
            for (byte[] bytes = backwards.previous(); bytes != null && found.size() < limit; bytes = backwards.previous()) {
                try {
                    Line line = json.read(bytes, Line.class);
                    if ((before.isEmpty() || line.number() < before.get())
                            && (line.who() + " " + line.what() + " " + line.target() + " " + line.note())
                                    .toLowerCase(Locale.ROOT)
                                    .contains(sought)) {
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
