package io.culvert.web.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private static final String PAGE =
            "<head><link href=\"css/app.css\"><script src=\"js/main.js\"></script></head>";

    private static Console console(String script) {
        return new Console(Map.of("index.html", bytes(PAGE), "css/app.css", bytes("a{}"), "js/main.js", bytes(script)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String index(Console console) {
        return new String(console.find("").orElseThrow().body(), StandardCharsets.UTF_8);
    }

    private static String script(Console console) {
        var src = Pattern.compile("src=\"/([^\"]+)\"").matcher(index(console));
        assertTrue(src.find());
        return src.group(1);
    }

    @Test
    void shouldNameFilesByTheirContentSoThatBrowsersMayKeepThem() {
        var console = console("1");
        var found = console.find(script(console)).orElseThrow();
        assertEquals("1", new String(found.body(), StandardCharsets.UTF_8));
        assertTrue(found.immutable());
        assertNotEquals(script(console), script(console("2")));
    }

    @Test
    void shouldHaveTheIndexAskedForEachTime() {
        var console = console("1");
        assertFalse(console.find("").orElseThrow().immutable());
        assertTrue(console.find("self").isPresent());
        assertTrue(console.find("js/main.js").isEmpty());
    }

    @Test
    void shouldNameModulesAhead() {
        var console = console("1");
        assertTrue(index(console).contains("<link rel=\"modulepreload\" href=\"/" + script(console) + "\">"));
    }
}
