package io.culvert.store.front;

import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The records of a restored backup, {@code var/restore/store.zip}: an entry for each, named by its key. The first store
 * that comes gets them before anybody else sees it; the file goes when they are durable there, so that a crash in between
 * only means to do it again.
 */
final class RestoredRecords {
    private final Path file;

    RestoredRecords(Path home) {
        file = home.resolve("var/restore/store.zip");
    }

    /**
     * Gives them to the store, which then holds nothing else.
     *
     * @return how many; -1 when there is nothing to restore
     */
    int giveTo(Store store) throws StoreException {
        if (!Files.exists(file)) {
            return -1;
        }
        try {
            List<Entry> records = read();
            StoreCopy.copy(records, store);
            Files.delete(file);
            try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                directory.force(true);
            }
            return records.size();
        } catch (IOException e) {
            throw new StoreException("the restored records in " + file + " cannot be read: " + e.getMessage()
                    + ": restore the backup again", e);
        }
    }

    private List<Entry> read() throws IOException {
        var records = new ArrayList<Entry>();
        try (var zip = new ZipInputStream(Files.newInputStream(file), StandardCharsets.UTF_8)) {
            for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
                records.add(new Entry(each.getName(), zip.readAllBytes(), 0));
            }
        }
        return records;
    }
}
