package io.culvert.web.rest.resource;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Short texts that the console adds to things that others keep: whose device a profile is for. Threads: any. */
final class Labels {
    private static final Logger LOG = LoggerFactory.getLogger(Labels.class);

    private final Path file;
    private final Properties texts = new Properties();

    Labels(Path file) {
        this.file = file;
        if (Files.exists(file)) {
            try {
                texts.load(new StringReader(Files.readString(file)));
            } catch (IOException | IllegalArgumentException e) {
                LOG.warn("web.rest: {} is unreadable and begins anew: {}", file, e.getMessage());
            }
        }
    }

    synchronized String of(String id) {
        return texts.getProperty(id, "");
    }

    /** Sets one; those that {@code still} does not know are forgotten. What cannot be kept is a line in the log. */
    synchronized void put(String id, String text, Predicate<String> still) {
        Set.copyOf(texts.stringPropertyNames()).stream().filter(still.negate()).forEach(texts::remove);
        texts.setProperty(id, text);
        try {
            Files.createDirectories(file.getParent());
            var out = new StringWriter();
            texts.store(out, null);
            Path draft = file.resolveSibling(file.getFileName() + ".new");
            Files.writeString(draft, out.toString());
            Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("web.rest: {} cannot be written: {}", file, e.getMessage());
        }
    }
}
