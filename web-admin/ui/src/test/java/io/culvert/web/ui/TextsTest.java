package io.culvert.web.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every text that a page asks for is there, in every language. */
class TextsTest {
    private static final Path CONSOLE = Path.of("src/main/resources/console");
    private static final Pattern ENTRY = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)+)\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern USE = Pattern.compile("\\b(t|tn|tx)\\('([a-zA-Z0-9.-]+)'");
    private static final Pattern PLACE = Pattern.compile("\\{\\w+}");

    private static Map<String, String> texts(String language) throws IOException {
        var found = new TreeMap<String, String>();
        try (var files = Files.list(CONSOLE.resolve("locales").resolve(language))) {
            for (var file : files.toList()) {
                var entries = ENTRY.matcher(Files.readString(file));
                while (entries.find()) {
                    var twice = found.put(entries.group(1), entries.group(2));
                    assertEquals(null, twice, entries.group(1) + " is there twice in " + language);
                }
            }
        }
        return found;
    }

    @Test
    void shouldHaveEveryTextInEveryLanguage() throws IOException {
        var english = texts("en");
        try (var languages = Files.list(CONSOLE.resolve("locales"))) {
            for (var language : languages.map(p -> p.getFileName().toString()).toList()) {
                var other = texts(language);
                assertEquals(english.keySet(), other.keySet(), language);
                english.forEach((key, text) ->
                        assertEquals(places(text), places(other.get(key)), "placeholders of " + key + " in " + language));
            }
        }
    }

    private static Set<String> places(String text) {
        return PLACE.matcher(text).results().map(r -> r.group()).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldHaveEveryTextThatIsAskedFor() throws IOException {
        var english = texts("en");
        List<Path> scripts;
        try (var files = Files.walk(CONSOLE.resolve("js"))) {
            scripts = files.filter(p -> p.toString().endsWith(".js")).toList();
        }
        var missing = new TreeSet<String>();
        for (var script : scripts) {
            for (var use : USE.matcher(Files.readString(script)).results().toList()) {
                var key = use.group(2);
                var there = use.group(1).equals("tn") ? english.containsKey(key + ".other") : english.containsKey(key);
                if (!there) {
                    missing.add(key + " in " + script.getFileName());
                }
            }
        }
        assertTrue(missing.isEmpty(), () -> "no text for " + missing);
    }
}
