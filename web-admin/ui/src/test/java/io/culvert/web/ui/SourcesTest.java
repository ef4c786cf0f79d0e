package io.culvert.web.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the browser would find out only on the page that uses it. */
class SourcesTest {
    private static final Path CONSOLE = Path.of("src/main/resources/console");
    /** Blocked by the Content Security Policy, or a way around lit-html's escaping, or another host. */
    private static final Pattern FORBIDDEN = Pattern.compile(
            "\\sstyle=|innerHTML|outerHTML|insertAdjacentHTML|document\\.write|unsafe(HTML|SVG|Static)|styleMap|\\beval\\(|"
                    + "new Function|\\son[a-z]+=\"|https?://(?!www\\.w3\\.org|x\\b)[a-z]");
    private static final Pattern ICON = Pattern.compile("(?:\\bicon\\(|\\bimage: )'([a-z0-9-]+)'");
    private static final Pattern SYMBOL = Pattern.compile("<symbol id=\"([^\"]+)\"");
    private static final Pattern IMPORT = Pattern.compile("(?:from|import) '(\\.[^']+)'");

    private static List<Path> scripts() throws IOException {
        try (var files = Files.walk(CONSOLE.resolve("js"))) {
            return files.filter(path -> path.toString().endsWith(".js")).toList();
        }
    }

    @Test
    void shouldHoldNothingThatThePolicyBlocks() throws IOException {
        var found = new TreeSet<String>();
        for (var script : scripts()) {
            FORBIDDEN.matcher(Files.readString(script)).results()
                    .forEach(each -> found.add(each.group() + " in " + CONSOLE.relativize(script)));
        }
        FORBIDDEN.matcher(Files.readString(CONSOLE.resolve("index.html"))).results()
                .forEach(each -> found.add(each.group() + " in index.html"));
        assertEquals(Set.of(), found);
    }

    @Test
    void shouldHaveEveryIconThatIsDrawn() throws IOException {
        var symbols = SYMBOL.matcher(Files.readString(CONSOLE.resolve("icons.svg"))).results()
                .map(each -> each.group(1))
                .collect(Collectors.toSet());
        var missing = new TreeSet<String>();
        for (var script : scripts()) {
            ICON.matcher(Files.readString(script)).results()
                    .map(each -> each.group(1))
                    .filter(name -> !symbols.contains(name))
                    .forEach(name -> missing.add(name + " in " + CONSOLE.relativize(script)));
        }
        assertEquals(Set.of(), missing);
    }

    @Test
    void shouldImportOnlyModulesThatAreThere() throws IOException {
        var missing = new TreeSet<String>();
        for (var script : scripts()) {
            for (var each : IMPORT.matcher(Files.readString(script)).results().toList()) {
                var target = script.resolveSibling(each.group(1)).normalize();
                // lit-html is unpacked beside them by the build.
                if (!target.startsWith(CONSOLE.resolve("lib")) && !Files.exists(target)) {
                    missing.add(each.group(1) + " in " + CONSOLE.relativize(script));
                }
            }
        }
        assertEquals(Set.of(), missing);
    }
}
