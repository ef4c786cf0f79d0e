package io.culvert.swap.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.swap.state.Change.Strategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarIdentityTest {
    @TempDir
    Path directory;

    private Path jar(Map<String, String> headers) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.forEach((name, value) -> manifest.getMainAttributes().putValue(name, value));
        Path file = directory.resolve("module.jar");
        new JarOutputStream(Files.newOutputStream(file), manifest).close();
        return file;
    }

    @Test
    void shouldReadIdVersionAndStrategy() throws Exception {
        var identity = JarIdentity.read(jar(Map.of(
                "Bundle-SymbolicName", "io.culvert.tls.jsse;singleton:=false",
                "Bundle-Version", "0.1.1",
                "Culvert-Swap", "replace")));
        assertEquals("tls.jsse", identity.module());
        assertEquals("0.1.1", identity.version().toString());
        assertEquals(Optional.of(Strategy.REPLACE), identity.strategy());
    }

    @Test
    void shouldRefuseWhatIsNoModule() throws Exception {
        assertRefused("its Bundle-SymbolicName is 'com.example'", jar(Map.of("Bundle-SymbolicName", "com.example")));
        assertRefused(
                "a fragment of org.slf4j",
                jar(Map.of("Bundle-SymbolicName", "io.culvert.log.x", "Fragment-Host", "org.slf4j")));
        assertRefused("no readable jar", Files.writeString(directory.resolve("text.jar"), "text"));
        assertRefused("not found", directory.resolve("missing.jar"));
    }

    private static void assertRefused(String reason, Path file) {
        var refused = assertThrows(Refused.class, () -> JarIdentity.read(file));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
}
