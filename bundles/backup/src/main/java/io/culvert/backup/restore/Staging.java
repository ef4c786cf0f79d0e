package io.culvert.backup.restore;

import io.culvert.backup.Archive;
import io.culvert.backup.age.AgeInput;
import io.culvert.backup.age.DamagedFileException;
import io.culvert.backup.age.WrongPassphraseException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Lays a backup out in an empty directory, for its owner only, and returns when all of it is on the disk: files under
 * their paths, the store's records in {@code var/restore/store.zip}, from where the next start takes them.
 *
 * <p>A function of the JDK's own types, because its caller, the launcher, loads it with a class loader of its own. Takes
 * {@code file} and {@code directory} ({@link Path}) and {@code passphrase} ({@code char[]}); gives the backup's facts as
 * strings: {@code created}, {@code version}, {@code host}, {@code files}, {@code records}; or {@code error}, one line.
 */
public final class Staging implements Function<Map<String, Object>, Map<String, String>> {
    /** Where the records lie below the home. */
    static final String RECORDS = "var/restore/store.zip";

    private static final Pattern SAFE = Pattern.compile("(etc|var)(/(?!\\.\\.?(/|$))[^/\\x00-\\x1f]+)+");

    public Staging() {}

    @Override
    public Map<String, String> apply(Map<String, Object> arguments) {
        Path file = (Path) arguments.get("file");
        try {
            return stage(file, (char[]) arguments.get("passphrase"), (Path) arguments.get("directory"));
        } catch (WrongPassphraseException e) {
            return Map.of("error", "the passphrase does not open " + file + "; nothing was changed");
        } catch (DamagedFileException | ZipException e) {
            return Map.of("error", file + " is no whole backup: " + e.getMessage() + "; nothing was changed");
        } catch (IOException e) {
            return Map.of("error", "cannot restore " + file + ": " + e.getClass().getSimpleName() + ": " + e.getMessage()
                    + "; nothing was changed");
        }
    }

    private static Map<String, String> stage(Path file, char[] passphrase, Path directory) throws IOException {
        try (var sealed = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
                var clear = new AgeInput(sealed, passphrase)) {
            return new Laying(directory).all(clear);
        }
    }

    /** One backup on its way. */
    private static final class Laying {
        private final Path directory;
        private final Map<String, String> facts = new LinkedHashMap<>();
        private final Set<String> executable = new HashSet<>();
        private int files;
        private int records;

        Laying(Path directory) {
            this.directory = directory;
        }

        Map<String, String> all(InputStream clear) throws IOException {
            var zip = new ZipInputStream(clear, StandardCharsets.UTF_8);
            ZipEntry first = zip.getNextEntry();
            if (first == null || !first.getName().equals(Archive.FACTS)) {
                throw new ZipException("it holds something else");
            }
            facts(new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            Path store = directory.resolve(RECORDS);
            directories(store.getParent());
            try (OutputStream out = create(store, false);
                    ZipOutputStream stored = new ZipOutputStream(out, StandardCharsets.UTF_8)) {
                for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
                    if (each.getName().startsWith(Archive.STORE)) {
                        stored.putNextEntry(new ZipEntry(each.getName().substring(Archive.STORE.length())));
                        zip.transferTo(stored);
                        stored.closeEntry();
                        records++;
                    } else {
                        file(each.getName(), zip);
                    }
                }
                // What follows the last entry is authentic too, or the end may have been cut off.
                clear.transferTo(OutputStream.nullOutputStream());
                stored.finish();
                stored.flush();
            }
            sync(directory);
            facts.put("files", Integer.toString(files));
            facts.put("records", Integer.toString(records));
            return facts;
        }

        private void facts(String text) throws IOException {
            for (String line : text.lines().toList()) {
                int equals = line.indexOf('=');
                if (equals > 0 && line.startsWith("executable=")) {
                    executable.add(line.substring(equals + 1));
                } else if (equals > 0) {
                    facts.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            String format = facts.getOrDefault("format", "none");
            if (!format.equals(Integer.toString(Archive.FORMAT))) {
                throw new ZipException("its format is " + format + " and this version of Culvert knows " + Archive.FORMAT
                        + "; restore it with the version that made it, " + facts.get("version"));
            }
        }

        private void file(String name, InputStream content) throws IOException {
            if (!SAFE.matcher(name).matches()) {
                throw new ZipException("it holds a file named " + name.replaceAll("[^ -~]", "?"));
            }
            Path file = directory.resolve(name);
            directories(file.getParent());
            try (OutputStream out = create(file, executable.contains(name))) {
                content.transferTo(out);
            }
            files++;
        }

        private void directories(Path wanted) throws IOException {
            Files.createDirectories(
                    wanted, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }

        private static OutputStream create(Path file, boolean executable) throws IOException {
            var mode = PosixFilePermissions.fromString(executable ? "rwx------" : "rw-------");
            try {
                return Channels.newOutputStream(FileChannel.open(
                        file,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(mode)));
            } catch (FileAlreadyExistsException e) {
                throw new ZipException("it holds " + file.getFileName() + " twice");
            }
        }

        /** Everything below is on the disk then, names included. */
        private static void sync(Path top) throws IOException {
            try (var all = Files.walk(top)) {
                for (Path each : all.toList()) {
                    try (FileChannel channel = FileChannel.open(each, StandardOpenOption.READ)) {
                        channel.force(true);
                    }
                }
            }
        }
    }
}
