package io.culvert.swap.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Files that are replaced as a whole: after a crash there is the old one or the new one. */
final class DurableFiles {
    private final FileSteps steps;

    DurableFiles(FileSteps steps) {
        this.steps = steps;
    }

    void replace(Path file, byte[] bytes) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        steps.write(draft, bytes);
        steps.rename(draft, file);
        // The new name is durable only when its directory is.
        steps.sync(file.toAbsolutePath().getParent());
    }

    void delete(Path file) throws IOException {
        steps.delete(file);
    }

    /** Creates a directory for its owner only, if it is not there. */
    static Path directory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return directory;
    }
}
