package io.culvert.launcher;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Backup and restore. */
final class BackupCommands {
    private static final int SHORTEST = 12;

    private BackupCommands() {}

    @Command(
            name = "backup",
            description = {
                "Write everything the running appliance keeps into one file, sealed under a passphrase.",
                "Not in it: the log, and live sessions. The format is age: 'age -d FILE' opens it too."
            })
    static final class BackupCommand implements Runnable {
        @ParentCommand
        Main main;

        @Parameters(paramLabel = "FILE", description = "Where to; it must not exist yet.")
        Path file;

        @Option(
                names = "--passphrase-file",
                paramLabel = "F",
                description = "Read the passphrase from the first line of F; without it, it is asked for.")
        @Nullable Path passphraseFile;

        @Override
        public void run() {
            if (Files.exists(file)) {
                throw new Failure(file + " exists; name another file, or remove it first");
            }
            String passphrase = passphrase(passphraseFile, true);
            var arguments = Map.<String, Object>of("passphrase", passphrase, "pass", true);
            try (var incoming = new Incoming(file)) {
                Object answer = main.client().call("backup make", arguments, incoming::part);
                incoming.complete(answer);
                main.print(answer, "wrote " + file + ", " + incoming.bytes + " bytes");
            } catch (IOException e) {
                throw new Failure("cannot write " + file + ": " + Errors.line(e));
            }
        }
    }

    @Command(name = "backups", description = "List the backups that the appliance keeps, newest first.")
    static final class BackupsCommand implements Runnable {
        @ParentCommand
        Main main;

        @Override
        public void run() {
            Object answer = main.client().call("backup list", Map.of());
            if (Text.rows(answer).map(List::isEmpty).orElse(false)) {
                main.print(answer, "no backups; make one with: culvert backup FILE");
            } else {
                main.print(answer);
            }
        }
    }

    @Command(
            name = "restore",
            description = "Make a new home of a backup, for an appliance that does not run: it is the same appliance then.")
    static final class RestoreCommand implements Runnable {
        private static final String STAGING = "io.culvert.backup.restore.Staging";

        @ParentCommand
        Main main;

        @Parameters(paramLabel = "FILE", description = "As 'culvert backup' wrote it.")
        Path file;

        @Option(
                names = "--passphrase-file",
                paramLabel = "F",
                description = "Read the passphrase from the first line of F; without it, it is asked for.")
        @Nullable Path passphraseFile;

        @Option(
                names = "--force",
                description = "Also into a home that is in use; what it has is moved to before-restore-TIME in it.")
        boolean force;

        @Override
        public void run() {
            if (!Files.isReadable(file)) {
                throw new Failure("cannot read " + file);
            }
            HomeDirectory home = main.home();
            home.create();
            try (var lock = home.lock()) {
                var restored = new Restored(home);
                restored.finish();
                if (!force && restored.hasSomethingToLose()) {
                    throw new Failure(home.path() + " is not empty; restore with --home into another directory, or say --force"
                            + " to replace what is there");
                }
                Map<String, String> facts = stage(restored.begin(), passphrase(passphraseFile, false));
                if (facts.containsKey("error")) {
                    restored.abandon();
                    throw new Failure(facts.get("error"));
                }
                restored.commit();
                restored.finish();
                home.create();
                main.print(facts, "restored the backup of " + facts.get("host") + " of " + facts.get("created") + ": "
                        + facts.get("files") + " files, " + facts.get("records") + " records; start it with: culvert --home "
                        + home.path() + " up");
            } catch (IOException e) {
                throw new Failure("cannot let go of " + home.path() + ": " + Errors.line(e));
            }
        }

        /** The module that writes backups reads them too, with what it needs, from the release's bundles. */
        @SuppressWarnings("unchecked") // what that class promises
        private Map<String, String> stage(Path directory, String passphrase) {
            char[] secret = passphrase.toCharArray();
            try (var loader = new URLClassLoader(jars("io.culvert.backup", "bcprov-"), getClass().getClassLoader())) {
                var staging = (Function<Map<String, Object>, Map<String, String>>)
                        loader.loadClass(STAGING).getConstructor().newInstance();
                return staging.apply(Map.of("file", file, "passphrase", secret, "directory", directory));
            } catch (IOException | ReflectiveOperationException e) {
                throw new Failure("the module backup of this release cannot be used: " + Errors.line(e)
                        + "; install the release again");
            } finally {
                Arrays.fill(secret, '\0');
            }
        }

        private static URL[] jars(String... names) throws IOException {
            var found = new ArrayList<URL>();
            try (var files = Files.walk(Distribution.bundles())) {
                for (Path each : files.toList()) {
                    String jar = each.getFileName().toString();
                    if (jar.endsWith(".jar") && Arrays.stream(names).anyMatch(jar::startsWith)) {
                        found.add(url(each));
                    }
                }
            }
            return found.toArray(URL[]::new);
        }

        private static URL url(Path file) throws MalformedURLException {
            return file.toUri().toURL();
        }
    }

    private static String passphrase(@Nullable Path file, boolean fresh) {
        String passphrase = file != null ? firstLine(file) : typed(fresh);
        if (fresh && passphrase.length() < SHORTEST) {
            throw new Failure("the passphrase must have at least " + SHORTEST + " characters; four random words will do");
        }
        return passphrase;
    }

    private static String firstLine(Path file) {
        try (var lines = Files.newBufferedReader(file)) {
            String line = lines.readLine();
            if (line == null || line.isEmpty()) {
                throw new Failure(file + " has no passphrase on its first line");
            }
            return line;
        } catch (IOException e) {
            throw new Failure("cannot read " + file + ": " + Errors.line(e));
        }
    }

    private static String typed(boolean twice) {
        var console = System.console();
        if (console == null || !console.isTerminal()) {
            throw new Failure(Failure.WRONG_USAGE, "no terminal to ask at; use --passphrase-file");
        }
        var first = console.readPassword("passphrase: ");
        var again = twice ? console.readPassword("again: ") : first;
        if (first == null || again == null || !Arrays.equals(first, again)) {
            throw new Failure("the two passphrases differ; nothing was written");
        }
        return new String(first);
    }

    /** A file on its way; it gets its name when all of it is on the disk. */
    private static final class Incoming implements AutoCloseable {
        private final Path file;
        private final Path draft;
        private final FileChannel channel;
        private final MessageDigest digest;
        private long bytes;

        Incoming(Path file) throws IOException {
            this.file = file.toAbsolutePath();
            draft = this.file.resolveSibling("." + file.getFileName() + ".new");
            Files.deleteIfExists(draft);
            channel = FileChannel.open(
                    draft,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        void part(Object part) {
            if (part instanceof Map<?, ?> map && map.get("data") instanceof String text) {
                byte[] data = Base64.getDecoder().decode(text);
                digest.update(data);
                bytes += data.length;
                try {
                    var buffer = ByteBuffer.wrap(data);
                    while (buffer.hasRemaining()) {
                        channel.write(buffer);
                    }
                } catch (IOException e) {
                    throw new Failure("cannot write " + draft + ": " + Errors.line(e));
                }
            }
        }

        void complete(Object answer) throws IOException {
            var expected = new LinkedHashMap<String, Object>();
            if (answer instanceof Map<?, ?> map) {
                map.forEach((name, value) -> expected.put(String.valueOf(name), value));
            }
            if (!HexFormat.of().formatHex(digest.digest()).equals(expected.get("sha256"))) {
                throw new Failure("the backup did not arrive whole; try again");
            }
            channel.force(true);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            try (var directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                directory.force(true);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
            Files.deleteIfExists(draft);
        }
    }
}
