package @package@;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class @Class@Test {
    @TempDir
    Path directory;

    @Test
    void shouldAppendEntries() throws Exception {
        var sink = new @Class@(directory, new Fixed("info", "test.log"));
        var entry = new LogRecord(1, Instant.EPOCH, LogRecord.Level.INFO, "io.culvert.core", "core", "main", "ready",
                Optional.empty());
        sink.write(List.of(entry));
        sink.write(List.of(entry));
        assertEquals(List.of("1970-01-01T00:00:00Z INFO ready", "1970-01-01T00:00:00Z INFO ready"),
                Files.readAllLines(directory.resolve("test.log")));
        assertEquals(2L, sink.status().get("written"));
    }

    @Test
    void shouldStayInItsDirectory() {
        assertThrows(ConfigException.class, () -> new @Class@(directory, new Fixed("info", "../users")));
    }

    private record Fixed(String level, String file) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
