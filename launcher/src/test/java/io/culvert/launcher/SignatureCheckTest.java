package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.signing.JarSigning;
import io.culvert.signing.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignatureCheckTest {
    @TempDir
    Path directory;

    private HomeDirectory home;
    private Path releaseKey;
    private SigningKey release;
    private SigningKey author;

    @BeforeEach
    void makeKeys() throws Exception {
        home = new HomeDirectory(directory.resolve("home"));
        home.create();
        Files.createDirectories(home.modules());
        release = SigningKey.openOrMake(directory.resolve("release"), "release");
        author = SigningKey.openOrMake(directory.resolve("author"), "author");
        releaseKey = directory.resolve("release-key.pem");
        Files.writeString(releaseKey, release.pem());
    }

    private Path jar(String name, SigningKey key) throws Exception {
        Path file = directory.resolve(name);
        var manifest = new Manifest();
        manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
        try (var out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            out.putNextEntry(new ZipEntry("code.class"));
            out.write("what it does".getBytes());
            out.closeEntry();
        }
        new JarSigning(key).sign(file, file);
        return file;
    }

    private void trust(String... fingerprints) throws IOException {
        Files.write(home.modules().resolve("trusted-keys"), List.of(fingerprints));
    }

    private SignatureCheck check() throws IOException {
        return SignatureCheck.of(home, releaseKey);
    }

    @Test
    void shouldLetInWhatTheReleaseOrATrustedAuthorHasSigned() throws Exception {
        trust(author.fingerprint());
        assertEquals(Optional.empty(), check().refusal(jar("a.jar", release)));
        assertEquals(Optional.empty(), check().refusal(jar("b.jar", author)));
    }

    @Test
    void shouldRefuseAKeyThatIsNotTrusted() throws Exception {
        trust(release.fingerprint());
        String refusal = check().refusal(jar("b.jar", author)).orElseThrow();
        assertTrue(refusal.contains("not trusted here, fingerprint " + author.fingerprint()), refusal);
    }

    @Test
    void shouldRefuseBytesThatChangedSinceTheLastStart() throws Exception {
        trust(release.fingerprint());
        Path file = jar("a.jar", release);
        var first = check();
        first.lookAt(List.of(file));
        first.remember();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertTrue(check().refusal(file).isPresent());
    }

    @Test
    void shouldAskAnewWhomToTrustAboutAJarThatItKnows() throws Exception {
        trust(author.fingerprint());
        Path file = jar("b.jar", author);
        var first = check();
        assertEquals(Optional.empty(), first.refusal(file));
        first.remember();
        trust(release.fingerprint());
        assertTrue(check().refusal(file).orElseThrow().contains("not trusted"));
    }

    @Test
    void shouldRefuseWhatIsNotSigned() throws Exception {
        Path file = directory.resolve("c.jar");
        try (var out = new JarOutputStream(Files.newOutputStream(file), new Manifest())) {
            out.putNextEntry(new ZipEntry("code.class"));
        }
        assertEquals(Optional.of("it is not signed"), check().refusal(file));
    }
}
