package io.culvert.it.perf;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The values of every round, for whoever wants more than medians. */
final class Csv implements AutoCloseable {
    private final Path file;
    private final BufferedWriter out;

    /** Begins {@code target/bench/<name>.csv} anew. */
    Csv(String name, String... columns) throws IOException {
        this.file = Path.of(System.getProperty("culvert.lab")).resolve(name + ".csv");
        Files.createDirectories(file.getParent());
        this.out = Files.newBufferedWriter(file);
        row((Object[]) columns);
    }

    void row(Object... values) throws IOException {
        out.write(Arrays.stream(values)
                .map(v -> v instanceof Double d ? String.format(Locale.ROOT, "%.3f", d) : String.valueOf(v))
                .collect(Collectors.joining(",", "", "\n")));
        out.flush();
    }

    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
