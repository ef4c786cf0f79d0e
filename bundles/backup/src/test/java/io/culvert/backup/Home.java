package io.culvert.backup;

import io.culvert.api.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A home directory with some files, and the store that belongs to it. */
final class Home implements Store {
    final Path path;
    private final TreeMap<String, Entry> records = new TreeMap<>();
    private long revision;

    /** Runs before each look at the store. */
    Runnable onList = () -> {};

    Home(Path path) {
        this.path = path;
        file("etc/culvert.yaml", "modules: {}\n");
        file("etc/users", "alice:1:-\n");
        file("var/config/000001.json", "{}");
        file("var/modules/jars/abc.jar", "a jar");
        file("var/log/culvert.log", "a log");
        file("var/store/key", "a key");
        file("var/modules/state.json.new", "a draft");
        put("pki/authority", "the authority");
        put("session/openvpn/udp/0000000000000001", "counters of nonces");
    }

    void file(String name, String text) {
        try {
            Files.createDirectories(path.resolve(name).getParent());
            Files.writeString(path.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void put(String key, String value) {
        records.put(key, new Entry(key, value.getBytes(StandardCharsets.UTF_8), ++revision));
    }

    Archive archive() {
        return new Archive(new HomeFiles(path, path.resolve("var/archive")), this, "0.1.0", "here");
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public Optional<Entry> read(String key) {
        return Optional.ofNullable(records.get(key));
    }

    @Override
    public List<Entry> list(String prefix) {
        onList.run();
        return new ArrayList<>(records.subMap(prefix, prefix + '\u007f').values());
    }

    @Override
    public CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException());
    }
}
