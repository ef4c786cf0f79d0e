package io.culvert.backup;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The files of a home that belong into a backup: everything below {@code etc} and {@code var} but the log, the backups
 * themselves, drafts, and the store's own files, whose records are copied one by one.
 */
final class HomeFiles {
    private static final Set<String> LEFT_OUT =
            Set.of("var/log", "var/store", "var/backups", "var/restore", "var/modules/quarantine");

    private final Path home;
    private final Path backups;

    /** @param backups the directory of earlier backups, which are in no later one */
    HomeFiles(Path home, Path backups) {
        this.home = home;
        this.backups = backups.normalize();
    }

    /**
     * One file.
     *
     * @param path below the home, as {@code etc/culvert.yaml}
     * @param stamp differs when the file was written or replaced
     */
    record Item(String path, boolean executable, String stamp) {}

    Path home() {
        return home;
    }

    Path file(Item item) {
        return home.resolve(item.path());
    }

    /** In the order of their paths. */
    List<Item> list() throws IOException {
        var items = new ArrayList<Item>();
        for (String top : List.of("etc", "var")) {
            Path directory = home.resolve(top);
            if (Files.isDirectory(directory)) {
                Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) {
                        return LEFT_OUT.contains(path(each)) || each.equals(backups) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) throws IOException {
                        if (!draft(each) && Files.isRegularFile(each)) {
                            items.add(item(each));
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path each, IOException problem) throws IOException {
                        if (problem instanceof NoSuchFileException) {
                            return FileVisitResult.CONTINUE;
                        }
                        throw problem;
                    }
                });
            }
        }
        items.sort(java.util.Comparator.comparing(Item::path));
        return items;
    }

    private static boolean draft(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".new") || name.endsWith(".tmp");
    }

    private String path(Path file) {
        return home.relativize(file).toString();
    }

    private Item item(Path file) throws IOException {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Item(
                path(file),
                Files.isExecutable(file) && Files.getPosixFilePermissions(file).toString().contains("OWNER_EXECUTE"),
                attributes.size() + " " + attributes.lastModifiedTime() + " " + attributes.fileKey());
    }
}
