package io.culvert.swap.trust;

import io.culvert.signing.JarSigning;
import io.culvert.signing.SigningException;
import io.culvert.signing.SigningKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Makes jars, signs them, and spoils them. */
final class SignedJars {
    private static final String MANIFEST = """
            Manifest-Version: 1.0\r
            Bundle-SymbolicName: io.culvert.auth.example\r
            Bundle-Version: 1.0.0\r
            \r
            """;

    private final Path directory;
    private int count;

    SignedJars(Path directory) {
        this.directory = directory;
    }

    SigningKey key(String name) throws SigningException {
        return SigningKey.openOrMake(directory.resolve("key-" + name), name);
    }

    Path unsigned() throws IOException {
        var entries = new LinkedHashMap<String, byte[]>();
        entries.put("META-INF/MANIFEST.MF", MANIFEST.getBytes(StandardCharsets.UTF_8));
        entries.put("io/culvert/auth/example/Example.class", "class".repeat(100).getBytes(StandardCharsets.UTF_8));
        entries.put("OSGI-INF/example.xml", "<component/>".getBytes(StandardCharsets.UTF_8));
        entries.put("META-INF/versions/25/io/culvert/auth/example/Example.class", new byte[] {1, 2, 3});
        return write(entries);
    }

    Path signed(SigningKey key) throws IOException, SigningException {
        Path jar = unsigned();
        new JarSigning(key).sign(jar, jar);
        return jar;
    }

    Path write(Map<String, byte[]> entries) throws IOException {
        return write(bytes(entries));
    }

    Path write(byte[] bytes) throws IOException {
        return Files.write(directory.resolve("module-" + ++count + ".jar"), bytes);
    }

    static byte[] bytes(Map<String, byte[]> entries) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(out)) {
            for (var entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return out.toByteArray();
    }

    static Map<String, byte[]> entries(Path jar) throws IOException {
        var entries = new LinkedHashMap<String, byte[]>();
        try (var zip = new ZipFile(jar.toFile())) {
            for (var entry : zip.stream().toList()) {
                try (var in = zip.getInputStream(entry)) {
                    entries.put(entry.getName(), in.readAllBytes());
                }
            }
        }
        return entries;
    }
}
