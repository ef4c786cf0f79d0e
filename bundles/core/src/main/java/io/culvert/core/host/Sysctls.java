package io.culvert.core.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The kernel's settings below {@code /proc/sys}, by their path: {@code net/ipv4/ip_forward}. */
final class Sysctls {
    private final Path root;

    Sysctls(Path root) {
        this.root = root;
    }

    static Sysctls ofHost() {
        return new Sysctls(Path.of("/proc/sys"));
    }

    /** The value without its line end; empty when there is no such setting, as when its interface is gone. */
    Optional<String> read(String path) throws IOException {
        try {
            return Optional.of(Files.readString(root.resolve(path), StandardCharsets.US_ASCII).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    void write(String path, String value) throws IOException {
        try {
            Files.writeString(
                    root.resolve(path),
                    value + "\n",
                    StandardCharsets.US_ASCII,
                    java.nio.file.StandardOpenOption.WRITE);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            throw new HostException(
                    "cannot set " + dotted(path) + " to " + value + " (" + reason(e) + ")",
                    "run as root; in a container set it from outside (--sysctl " + dotted(path) + "=" + value
                            + "), or set core.forwarding to false",
                    e);
        }
    }

    /** The names of what is directly below {@code path}, sorted; none when it does not exist. */
    List<String> names(String path) throws IOException {
        var names = new ArrayList<String>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(path))) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (NoSuchFileException e) {
            return List.of();
        }
        Collections.sort(names);
        return names;
    }

    /** The message of a file system exception may be no more than the path. */
    static String reason(IOException e) {
        return e instanceof AccessDeniedException ? "permission denied" : String.valueOf(e.getMessage());
    }

    private static String dotted(String path) {
        return path.replace('/', '.');
    }
}
