package io.culvert.it.swap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Another version of a built bundle: the same classes, a manifest and perhaps an activator of its own. Not signed. */
public final class BundleCopy {
    private static final Path BUNDLES =
            Path.of(System.getProperty("culvert.checkout"), "launcher/target").normalize();

    private final Path original;
    private final Manifest manifest;
    private final List<Class<?>> classes = new ArrayList<>();

    private BundleCopy(Path original) throws IOException {
        this.original = original;
        try (var jar = new JarFile(original.toFile())) {
            manifest = new Manifest(jar.getManifest());
        }
        // Digests of the signature.
        manifest.getEntries().clear();
    }

    /** @param module its id */
    public static BundleCopy of(String module) {
        try (var files = Files.walk(BUNDLES, 3)) {
            return new BundleCopy(files.filter(file -> file.getFileName().toString().matches(
                            "io\\.culvert\\." + module.replace(".", "\\.") + "-[0-9].*\\.jar"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no bundle " + module + " in " + BUNDLES)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public BundleCopy version(String version) {
        return header("Bundle-Version", version);
    }

    public BundleCopy header(String name, String value) {
        manifest.getMainAttributes().put(new Attributes.Name(name), value);
        return this;
    }

    /** One more package to import. */
    public BundleCopy importing(String name) {
        String imports = manifest.getMainAttributes().getValue("Import-Package");
        return imports.contains(name + ";") || imports.contains(name + ",")
                ? this
                : header("Import-Package", imports + "," + name);
    }

    /** An activator from the tests' class path; with the classes that lie within it. */
    public BundleCopy activator(Class<?> activator) {
        classes.add(activator);
        Collections.addAll(classes, activator.getDeclaredClasses());
        return importing("org.osgi.framework").header("Bundle-Activator", activator.getName());
    }

    /** Writes it. */
    public Path to(Path file) {
        try (var in = new JarFile(original.toFile());
                var out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            for (JarEntry entry : Collections.list(in.entries())) {
                String name = entry.getName();
                if (name.equals(JarFile.MANIFEST_NAME) || name.matches("META-INF/[^/]*\\.(SF|RSA|EC|DSA)")) {
                    continue;
                }
                out.putNextEntry(new JarEntry(name));
                try (InputStream bytes = in.getInputStream(entry)) {
                    bytes.transferTo(out);
                }
                out.closeEntry();
            }
            for (Class<?> each : classes) {
                String name = each.getName().replace('.', '/') + ".class";
                out.putNextEntry(new JarEntry(name));
                try (InputStream bytes = BundleCopy.class.getClassLoader().getResourceAsStream(name)) {
                    bytes.transferTo(out);
                }
                out.closeEntry();
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
