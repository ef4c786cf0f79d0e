package io.culvert.signing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/**
 * Signs what a release ships, and writes its module repository. Arguments: the directory with the unsigned jars
 * ({@code bundles/N/*.jar}, {@code modules/*.jar}, {@code kit/*.jar}), the directory for the signed ones (same names), the directory of the
 * development key, the project with all versions, and the release's version. A key of one's own comes from the property {@code culvert.signing.keystore}, and the key's password from
 * {@code culvert.signing.password.file} or the environment's {@code CULVERT_SIGNING_PASSWORD}.
 *
 * <p>What is signed already, from the same bytes by the same key, is left alone: a build may run beside an appliance.
 */
public final class Release {
    private static final String RECORD = "signed.properties";
    private static final String LIBRARIES = "1";

    private final Path unsigned;
    private final Path target;
    private final SigningKey key;
    private final JarSigning signing;
    private final Properties before = new Properties();
    private final Properties now = new Properties();

    Release(Path unsigned, Path target, SigningKey key) throws SigningException {
        this.unsigned = unsigned;
        this.target = target;
        this.key = key;
        this.signing = new JarSigning(key);
    }

    void make() throws IOException, SigningException {
        if (Files.exists(target.resolve(RECORD))) {
            try (var in = Files.newInputStream(target.resolve(RECORD))) {
                before.load(in);
            }
        }
        Path modules = Files.createDirectories(target.resolve("modules"));
        Set<Path> shipped = new HashSet<>();
        for (Path level : list(unsigned.resolve("bundles"))) {
            Path directory = Files.createDirectories(target.resolve("bundles").resolve(level.getFileName()));
            Set<Path> running = new HashSet<>();
            for (Path jar : jars(level)) {
                Path signed = directory.resolve(jar.getFileName());
                sign(jar, signed);
                running.add(signed);
                shipped.add(copy(signed, modules.resolve(jar.getFileName())));
            }
            deleteOthers(directory, running);
        }
        for (Path jar : jars(unsigned.resolve("modules"))) {
            Path signed = modules.resolve(jar.getFileName());
            if (shipped.add(signed)) {
                sign(jar, signed);
            }
        }
        deleteOthers(modules, shipped);
        writeIndex(modules);
        replace(target.resolve("release-key.pem"), key.pem().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        try (var out = Files.newOutputStream(target.resolve(RECORD))) {
            now.store(out, null);
        }
    }

    private void sign(Path jar, Path signed) throws IOException, SigningException {
        String name = target.relativize(signed).toString();
        String origin = Digests.sha256(jar) + " " + key.fingerprint();
        boolean current = Files.exists(signed)
                && (origin + " " + Digests.sha256(signed)).equals(before.getProperty(name));
        if (!current) {
            signing.sign(jar, signed);
        }
        now.setProperty(name, origin + " " + Digests.sha256(signed));
    }

    private static Path copy(Path from, Path to) throws IOException {
        if (!Files.exists(to) || Files.mismatch(from, to) >= 0) {
            Path fresh = to.resolveSibling("." + to.getFileName() + ".tmp");
            Files.copy(from, fresh, StandardCopyOption.REPLACE_EXISTING);
            Files.move(fresh, to, StandardCopyOption.ATOMIC_MOVE);
        }
        return to;
    }

    /** {@code index.xml} is for any OSGi tool; {@code index.jar} holds the same bytes, signed, for the appliance. */
    private void writeIndex(Path modules) throws IOException, SigningException {
        List<Path> jars = new ArrayList<>(jars(modules));
        jars.removeIf(jar -> jar.getFileName().toString().equals(Index.SIGNED));
        byte[] xml = Index.of(modules, jars);
        var libraries = new ByteArrayOutputStream();
        for (Path library : jars(target.resolve("bundles").resolve(LIBRARIES))) {
            String line = Digests.sha256(library) + "  " + library.getFileName() + "\n";
            libraries.write(line.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        boolean current = Files.exists(modules.resolve(Index.SIGNED))
                && now.equals(before)
                && Index.holds(modules.resolve(Index.SIGNED), xml, libraries.toByteArray());
        replace(modules.resolve(Index.PLAIN), xml);
        if (!current) {
            Path plain = Files.createTempFile(modules, ".index", ".tmp");
            try {
                Index.write(plain, xml, libraries.toByteArray());
                signing.sign(plain, modules.resolve(Index.SIGNED));
            } finally {
                Files.deleteIfExists(plain);
            }
        }
    }

    private static void replace(Path file, byte[] content) throws IOException {
        if (Files.exists(file) && java.util.Arrays.equals(Files.readAllBytes(file), content)) {
            return;
        }
        Path fresh = file.resolveSibling("." + file.getFileName() + ".tmp");
        Files.write(fresh, content);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void deleteOthers(Path directory, Set<Path> kept) throws IOException {
        for (Path jar : jars(directory)) {
            if (!kept.contains(jar) && !jar.getFileName().toString().equals(Index.SIGNED)) {
                Files.delete(jar);
            }
        }
    }

    private static List<Path> jars(Path directory) throws IOException {
        return list(directory).stream().filter(file -> file.toString().endsWith(".jar")).toList();
    }

    private static List<Path> list(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    private static SigningKey key(Path development) throws SigningException {
        String keyStore = System.getProperty("culvert.signing.keystore", "");
        if (keyStore.isEmpty()) {
            return SigningKey.openOrMake(development, "Culvert development build");
        }
        String file = System.getProperty("culvert.signing.password.file", "");
        String password = System.getenv("CULVERT_SIGNING_PASSWORD");
        if (file.isEmpty() && password == null) {
            throw new SigningException("the password of " + keyStore
                    + " is missing: name its file with -Dculvert.signing.password.file, or set CULVERT_SIGNING_PASSWORD");
        }
        return file.isEmpty()
                ? SigningKey.open(Path.of(keyStore), password.toCharArray())
                : SigningKey.open(Path.of(keyStore), Path.of(file));
    }

    public static void main(String[] arguments) throws IOException {
        try {
            var key = key(Path.of(arguments[2]));
            Path unsigned = Path.of(arguments[0]);
            Path target = Path.of(arguments[1]);
            new Release(unsigned, target, key).make();
            boolean released = !System.getProperty("culvert.signing.keystore", "").isEmpty();
            new Kit(unsigned.resolve("kit"), Path.of(arguments[3]), target.resolve("kit"), released).make(arguments[4]);
        } catch (SigningException e) {
            System.err.println("signing: " + e.getMessage());
            System.exit(1);
        }
    }
}
