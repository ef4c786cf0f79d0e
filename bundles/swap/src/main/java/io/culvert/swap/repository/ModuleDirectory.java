package io.culvert.swap.repository;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/** The directory of jars that came with the release: {@code io.culvert.ID-VERSION.jar}. */
public final class ModuleDirectory implements ModuleSource {
    private final Path directory;

    public ModuleDirectory(Path directory) {
        this.directory = directory;
    }

    @Override
    public Optional<Path> find(String module) throws IOException {
        if (!Files.isDirectory(directory)) {
            return Optional.empty();
        }
        var name = Pattern.compile("io\\.culvert\\." + Pattern.quote(module) + "-[0-9].*\\.jar");
        try (var files = Files.list(directory)) {
            return files.filter(file -> name.matcher(file.getFileName().toString()).matches())
                    .max(Comparator.naturalOrder());
        }
    }
}
