package io.culvert.log.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2Test extends JdbcSinkContract {
    @TempDir
    Path home;

    @Override
    String url() {
        // Another connection may look while the sink is there.
        return "jdbc:h2:" + home.resolve("logs");
    }

    @Override
    String user() {
        return "culvert";
    }

    @Override
    String password() {
        return "hydrogen";
    }

    @Test
    void shouldEndTheDatabasesThreads() throws Exception {
        var sink = sink("threads", Map.of());
        sink.write(entries(0, 1));
        sink.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().contains(home.toString())));
    }

    @Test
    void shouldRefuseWhatCannotWork() {
        assertEquals("url", refused(Map.of("url", "jdbc:oracle:thin:@x")));
        assertEquals("url", refused(Map.of("url", "jdbc:postgresql://h:port/db?password=secret")));
        assertEquals("table", refused(Map.of("table", "x; DROP TABLE y")));
        assertEquals("retainDays", refused(Map.of("retainDays", -1)));
        assertTrue(assertThrows(ConfigException.class, () -> sink("x", Map.of("url", "jdbc:x:y?password=secret")))
                .getMessage()
                .indexOf("secret") < 0);
    }

    private String refused(Map<String, Object> values) {
        return assertThrows(ConfigException.class, () -> sink("x", values)).attribute();
    }
}
