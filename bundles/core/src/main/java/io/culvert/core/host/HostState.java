package io.culvert.core.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What was changed on the host, as the file {@code host-state} keeps it: written before the first change, so that
 * whoever comes after a sudden end knows what to take back.
 *
 * @param boot of the kernel that was changed; after a reboot nothing of it is left
 * @param namespace the network namespace that was changed
 * @param table the mark in our nftables table, empty when we made none
 * @param changes in the order in which they are made
 */
record HostState(String boot, String namespace, Optional<String> table, List<Change> changes) {
    private static final String FIRST_LINE = "culvert host-state 1";
    private static final String LAST_LINE = "end";
    private static final Pattern PATH = Pattern.compile("net/[^\\s]+");
    private static final Pattern MARK = Pattern.compile("[0-9a-f]{16,64}");

    /**
     * A kernel setting of ours.
     *
     * @param old its value before
     * @param ours what we set it to
     * @param dependents what the kernel sets along with it, and would not set back to what it was
     * @param undoing whether taking it back has begun: then {@code old} of the dependents is what they shall be
     */
    record Change(String path, String old, String ours, List<Dependent> dependents, boolean undoing) {}

    /**
     * @param old its value before
     * @param ours what the kernel makes of it along with our change
     */
    record Dependent(String path, String old, String ours) {}

    static Optional<HostState> load(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        return Optional.of(parse(file, lines));
    }

    private static HostState parse(Path file, List<String> lines) throws HostException {
        if (lines.size() < 4 || !lines.getFirst().equals(FIRST_LINE) || !lines.getLast().equals(LAST_LINE)) {
            throw unreadable(file, "it does not begin and end as it should");
        }
        String boot = "";
        String namespace = "";
        Optional<String> table = Optional.empty();
        var changes = new ArrayList<Change>();
        for (String line : lines.subList(1, lines.size() - 1)) {
            String[] words = line.split(" ", -1);
            switch (words[0] + words.length) {
                case "boot2" -> boot = words[1];
                case "namespace2" -> namespace = words[1];
                case "table2" -> {
                    if (!MARK.matcher(words[1]).matches()) {
                        throw unreadable(file, line);
                    }
                    table = Optional.of(words[1]);
                }
                case "set4", "undo4" -> changes.add(new Change(
                        path(file, words[1]), words[2], words[3], new ArrayList<>(), words[0].equals("undo")));
                case "with4" -> {
                    if (changes.isEmpty()) {
                        throw unreadable(file, line);
                    }
                    changes.getLast().dependents().add(new Dependent(path(file, words[1]), words[2], words[3]));
                }
                default -> throw unreadable(file, line);
            }
        }
        return new HostState(boot, namespace, table, changes);
    }

    /** The file could be anyone's: nothing outside of the network settings is written on its word. */
    private static String path(Path file, String path) throws HostException {
        if (!PATH.matcher(path).matches() || ("/" + path + "/").contains("/../")) {
            throw unreadable(file, path);
        }
        return path;
    }

    private static HostException unreadable(Path file, String what) {
        return new HostException(
                file + " is damaged: " + what,
                "take back by hand what was left ('nft delete table inet culvert', the net.*.forwarding sysctls), "
                        + "then remove the file");
    }

    /** Returns when the state survives a sudden end and a power loss. */
    void save(Path file) throws IOException {
        var text = new StringBuilder(FIRST_LINE).append('\n');
        text.append("boot ").append(boot).append("\nnamespace ").append(namespace).append('\n');
        table.ifPresent(mark -> text.append("table ").append(mark).append('\n'));
        for (Change change : changes) {
            line(text, change.undoing() ? "undo" : "set", change.path(), change.old(), change.ours());
            change.dependents().forEach(d -> line(text, "with", d.path(), d.old(), d.ours()));
        }
        text.append(LAST_LINE).append('\n');

        Path directory = file.toAbsolutePath().getParent();
        Files.createDirectories(directory);
        Path fresh = directory.resolve(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(directory);
    }

    static void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            force(file.toAbsolutePath().getParent());
        }
    }

    private static void line(StringBuilder text, String word, String path, String old, String ours) {
        text.append(word).append(' ').append(path).append(' ').append(old).append(' ').append(ours).append('\n');
    }

    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
