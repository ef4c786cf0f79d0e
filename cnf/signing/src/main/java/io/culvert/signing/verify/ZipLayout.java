package io.culvert.signing.verify;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Attack: a ZIP file that two readers take for two different ones, so that one verifies what another does not load. Here
 * a file has only one reading: local headers and the central directory (APPNOTE.TXT 4.3.7, 4.3.12) say the same, the
 * entries lie end to end from the first byte to the central directory, no name occurs twice, and nothing follows the end.
 */
final class ZipLayout {
    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int LOCAL_LENGTH = 30;
    private static final int CENTRAL_LENGTH = 46;
    private static final int END_LENGTH = 22;

    private static final int HAS_DESCRIPTOR = 1 << 3;
    private static final int UTF_8 = 1 << 11;
    /** Bits 1 and 2 tell how hard the writer tried to compress. */
    private static final int KNOWN_FLAGS = HAS_DESCRIPTOR | UTF_8 | 0b110;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;

    private static final long MAX_FILE = 256L << 20;
    private static final long MAX_UNPACKED = 1L << 30;

    private final ByteBuffer file;

    private ZipLayout(ByteBuffer file) {
        this.file = file.order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The names of all entries.
     *
     * @throws BrokenJarException when the file has more than one reading, or is no ZIP file
     */
    static List<String> names(Path path) throws IOException, BrokenJarException {
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() > MAX_FILE) {
                throw new BrokenJarException("it is larger than " + (MAX_FILE >> 20) + " MiB");
            }
            var bytes = ByteBuffer.allocate((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Until all of it is read.
            }
            return new ZipLayout(bytes.flip()).names();
        } catch (IndexOutOfBoundsException e) {
            throw new BrokenJarException("it is cut off, or no jar");
        }
    }

    private List<String> names() throws BrokenJarException {
        int end = file.limit() - END_LENGTH;
        require(end >= 0 && file.getInt(end) == END && unsigned(end + 20) == 0, "it does not end as a jar does");
        require(unsigned(end + 4) == 0 && unsigned(end + 6) == 0 && unsigned(end + 8) == unsigned(end + 10),
                "it has several parts");
        int count = unsigned(end + 10);
        int directory = file.getInt(end + 16);
        require(directory >= 0 && file.getInt(end + 12) == end - directory, "its directory is not where it should be");

        var entries = new ArrayList<Entry>();
        int at = directory;
        for (int i = 0; i < count; i++) {
            var entry = central(at);
            entries.add(entry);
            at = entry.next;
        }
        require(at == end, "its directory does not fill its place");
        requireDistinct(entries);
        requireEndToEnd(entries, directory);
        return entries.stream().map(Entry::name).toList();
    }

    private record Entry(String name, int flags, int method, int crc, int packed, int size, int local, int next) {}

    private Entry central(int at) throws BrokenJarException {
        require(file.getInt(at) == CENTRAL, "its directory is damaged");
        int nameLength = unsigned(at + 28);
        int flags = unsigned(at + 8);
        String name = name(at + CENTRAL_LENGTH, nameLength, flags);
        var entry = new Entry(
                name, flags, unsigned(at + 10), file.getInt(at + 16), file.getInt(at + 20), file.getInt(at + 24),
                file.getInt(at + 42), at + CENTRAL_LENGTH + nameLength + unsigned(at + 30) + unsigned(at + 32));
        require((flags & ~KNOWN_FLAGS) == 0 && (entry.method == STORED || entry.method == DEFLATED),
                "the entry " + name + " is packed in an unknown way");
        require(unsigned(at + 34) == 0 && entry.packed >= 0 && entry.size >= 0 && entry.local >= 0,
                "the entry " + name + " is too large");
        return entry;
    }

    private String name(int at, int length, int flags) throws BrokenJarException {
        String name;
        try {
            name = StandardCharsets.UTF_8.newDecoder().decode(file.slice(at, length)).toString();
        } catch (CharacterCodingException e) {
            throw new BrokenJarException("an entry's name is not UTF-8");
        }
        boolean ascii = name.chars().allMatch(c -> c > 0x1f && c < 0x7f);
        require(ascii || (flags & UTF_8) != 0 && name.indexOf('\0') < 0, "an entry's name has two readings");
        String inside = "/" + name + (name.endsWith("/") ? "" : "/");
        require(!name.isEmpty() && !name.contains("\\") && !inside.contains("//") && !inside.contains("/./")
                && !inside.contains("/../"), "the entry " + name + " leads out of the jar");
        return name;
    }

    /** The JDK finds META-INF whatever its case. */
    private static void requireDistinct(List<Entry> entries) throws BrokenJarException {
        Set<String> seen = new HashSet<>();
        for (Entry entry : entries) {
            String upper = entry.name.toUpperCase(Locale.ROOT);
            boolean meta = upper.startsWith("META-INF/");
            require(!meta || entry.name.startsWith("META-INF/"), "the entry " + entry.name + " poses as META-INF");
            boolean fresh = seen.add(entry.name);
            if (meta && !upper.equals(entry.name)) {
                fresh &= seen.add(upper);
            }
            require(fresh, "the entry " + entry.name + " is there twice");
        }
    }

    private void requireEndToEnd(List<Entry> entries, int directory) throws BrokenJarException {
        entries.sort(Comparator.comparingInt(Entry::local));
        int expected = 0;
        long unpacked = 0;
        for (Entry entry : entries) {
            int at = entry.local;
            require(at == expected && file.getInt(at) == LOCAL, "there is something between its entries");
            int nameLength = unsigned(at + 26);
            boolean described = (entry.flags & HAS_DESCRIPTOR) != 0;
            require(unsigned(at + 6) == entry.flags && unsigned(at + 8) == entry.method
                    && name(at + LOCAL_LENGTH, nameLength, entry.flags).equals(entry.name)
                    && agrees(at + 14, entry.crc, described)
                    && agrees(at + 18, entry.packed, described)
                    && agrees(at + 22, entry.size, described),
                    "the entry " + entry.name + " differs from the directory");
            expected = at + LOCAL_LENGTH + nameLength + unsigned(at + 28) + entry.packed;
            if (described) {
                expected = afterDescriptor(expected, entry);
            }
            require(expected <= directory, "the entry " + entry.name + " is cut off");
            unpacked += entry.size;
        }
        require(expected == directory, "there is something between its entries and its directory");
        require(unpacked <= MAX_UNPACKED, "it is larger than " + (MAX_UNPACKED >> 20) + " MiB unpacked");
    }

    private boolean agrees(int at, int value, boolean described) {
        return file.getInt(at) == value || described && file.getInt(at) == 0;
    }

    /** Its signature is optional (4.3.9.3). */
    private int afterDescriptor(int at, Entry entry) throws BrokenJarException {
        int crc = file.getInt(at) == DESCRIPTOR ? at + 4 : at;
        require(file.getInt(crc) == entry.crc && file.getInt(crc + 4) == entry.packed
                && file.getInt(crc + 8) == entry.size, "the entry " + entry.name + " differs from the directory");
        return crc + 12;
    }

    private int unsigned(int at) {
        return file.getShort(at) & 0xffff;
    }

    private static void require(boolean holds, String otherwise) throws BrokenJarException {
        if (!holds) {
            throw new BrokenJarException(otherwise);
        }
    }
}
