package io.culvert.backup;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What is inside of a backup: a ZIP archive of {@code culvert-backup} (facts, one to a line), the home's files under their
 * paths, and the store's records as {@code store/KEY}.
 *
 * <p>Records of live sessions stay out. They hold counters of nonces, and a key that is used again from an old counter
 * tells its secrets; clients connect again instead. One-time links stay out as well: one that is used after the backup was
 * made would be good a second time.
 */
public final class Archive {
    /** The first entry. */
    public static final String FACTS = "culvert-backup";

    public static final String STORE = "store/";
    public static final int FORMAT = 1;

    private static final List<String> LEFT_OUT = List.of("session/", "web/link/", "web/linked/");
    private static final int TRIES = 5;

    private final HomeFiles files;
    private final Store store;
    private final String version;
    private final String host;

    Archive(HomeFiles files, Store store, String version, String host) {
        this.files = files;
        this.store = store;
        this.version = version;
        this.host = host;
    }

    /** Makes an output for one try. */
    @FunctionalInterface
    interface Output {
        OutputStream open() throws IOException;
    }

    /** The home changed while it was read. */
    private static final class Changed extends IOException {
        private static final long serialVersionUID = 1;

        Changed(String what) {
            super(what);
        }
    }

    /**
     * Writes everything as of one moment: begins again, with a new output, when something changed meanwhile.
     *
     * @throws IOException when it does not come to rest
     */
    void write(Output output, Instant now) throws IOException, StoreException {
        for (int left = TRIES - 1; ; left--) {
            try (OutputStream out = output.open()) {
                write(out, now);
                return;
            } catch (Changed | NoSuchFileException e) {
                if (left == 0) {
                    throw new IOException("settings, users or modules change all the time (" + e.getMessage()
                            + "): try again later", e);
                }
            }
        }
    }

    private void write(OutputStream out, Instant now) throws IOException, StoreException {
        List<HomeFiles.Item> items = files.list();
        List<Store.Entry> records = records();
        var zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
        put(zip, FACTS, facts(items, now).getBytes(StandardCharsets.UTF_8));
        for (HomeFiles.Item item : items) {
            zip.putNextEntry(new ZipEntry(item.path()));
            Files.copy(files.file(item), zip);
            zip.closeEntry();
        }
        for (Store.Entry record : records) {
            put(zip, STORE + record.key(), record.value());
        }
        if (!files.list().equals(items)) {
            throw new Changed("files below " + files.home());
        }
        if (!revisions(records()).equals(revisions(records))) {
            throw new Changed("records in the store");
        }
        zip.finish();
        zip.flush();
    }

    private List<Store.Entry> records() throws StoreException {
        return store.list("").stream().filter(entry -> LEFT_OUT.stream().noneMatch(entry.key()::startsWith)).toList();
    }

    private static List<String> revisions(List<Store.Entry> records) {
        return records.stream().map(each -> each.key() + " " + each.revision()).toList();
    }

    private String facts(List<HomeFiles.Item> items, Instant now) {
        var lines = new ArrayList<String>();
        lines.add("format=" + FORMAT);
        lines.add("created=" + now);
        lines.add("version=" + version);
        lines.add("host=" + host);
        items.stream().filter(HomeFiles.Item::executable).forEach(item -> lines.add("executable=" + item.path()));
        return String.join("\n", lines) + "\n";
    }

    private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(bytes);
        zip.closeEntry();
    }
}
