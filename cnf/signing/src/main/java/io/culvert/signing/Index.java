package io.culvert.signing;

import aQute.bnd.osgi.repository.SimpleIndexer;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;

/** The index of a module repository (OSGi Compendium 132.5), plain and inside a jar that can be signed. */
final class Index {
    static final String PLAIN = "index.xml";
    static final String SIGNED = "index.jar";

    /** The framework's own libraries, as sha256sum(1) lists them. */
    private static final String LIBRARIES = "libraries.sha256";

    private Index() {}

    static byte[] of(Path directory, List<Path> jars) throws IOException {
        var out = new ByteArrayOutputStream();
        List<File> files = jars.stream().map(Path::toFile).toList();
        new SimpleIndexer()
                .files(files)
                .base(directory.toUri())
                .name("Culvert modules")
                .increment(0)
                .compress(false)
                .index(out);
        return out.toByteArray();
    }

    static void write(Path jar, byte[] xml, byte[] libraries) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.putNextEntry(new ZipEntry(PLAIN));
            out.write(xml);
            out.closeEntry();
            out.putNextEntry(new ZipEntry(LIBRARIES));
            out.write(libraries);
            out.closeEntry();
        }
    }

    static boolean holds(Path jar, byte[] xml, byte[] libraries) {
        try (var file = new JarFile(jar.toFile(), false)) {
            return Arrays.equals(read(file, PLAIN), xml) && Arrays.equals(read(file, LIBRARIES), libraries);
        } catch (IOException e) {
            return false;
        }
    }

    private static byte[] read(JarFile jar, String name) throws IOException {
        ZipEntry entry = jar.getEntry(name);
        if (entry == null) {
            return new byte[0];
        }
        try (var in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }
}
