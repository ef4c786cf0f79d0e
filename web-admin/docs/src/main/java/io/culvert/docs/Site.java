package io.culvert.docs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.text.TextContentRenderer;

/** The pages, and what is around each: navigation, style, and the way to the next one. */
final class Site {
    /** The navigation: what is not in it is reached from its pages. */
    private static final List<String> MAIN = List.of(
            "index.md", "install.md", "five-minutes.md", "console.md", "certificate.md", "commands.md", "settings.md", "modules.md",
            "ethernet.md", "backup.md", "monitoring.md", "api.md", "security.md", "write-a-module.md", "performance.md");

    private static final List<Extension> EXTENSIONS =
            List.of(TablesExtension.create(), HeadingAnchorExtension.create());

    private final Parser parser = Parser.builder().extensions(EXTENSIONS).build();
    private final HtmlRenderer html =
            HtmlRenderer.builder().extensions(EXTENSIONS).escapeHtml(true).sanitizeUrls(true).build();
    private final TextContentRenderer plain = TextContentRenderer.builder().build();
    private final Map<String, Node> pages = new LinkedHashMap<>();
    private final String version;

    Site(String version) {
        this.version = version;
    }

    /** @param name of the Markdown file; other pages link to it by that */
    void add(String name, String markdown) {
        if (pages.put(name, parser.parse(markdown)) != null) {
            throw new IllegalArgumentException("two pages are named " + name);
        }
    }

    void write(Path target) throws IOException {
        Files.createDirectories(target);
        for (var page : pages.entrySet()) {
            Node body = page.getValue();
            body.accept(new ToHtml());
            Files.writeString(target.resolve(htmlName(page.getKey())), around(page.getKey(), body));
        }
        try (InputStream style = Objects.requireNonNull(Site.class.getResourceAsStream("style.css"))) {
            Files.write(target.resolve("style.css"), style.readAllBytes());
        }
    }

    /** Links to Markdown files of the site become links to its pages. */
    private static final class ToHtml extends AbstractVisitor {
        @Override
        public void visit(Link link) {
            String to = link.getDestination();
            int hash = to.indexOf('#');
            String file = hash < 0 ? to : to.substring(0, hash);
            if (file.endsWith(".md") && !file.contains(":")) {
                link.setDestination(htmlName(file) + (hash < 0 ? "" : to.substring(hash)));
            }
            visitChildren(link);
        }
    }

    private static String htmlName(String name) {
        return name.substring(0, name.length() - ".md".length()) + ".html";
    }

    private String title(Node page) {
        for (Node each = page.getFirstChild(); each != null; each = each.getNext()) {
            if (each instanceof Heading heading && heading.getLevel() == 1) {
                return plain.render(heading).strip();
            }
        }
        throw new IllegalStateException("a page has no heading of the first level");
    }

    private String around(String name, Node body) {
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
                .append(escape(title(body)))
                .append(name.equals("index.md") ? "" : " · Culvert")
                .append("</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n")
                .append("<a class=\"skip\" href=\"#content\">To the text</a>\n<header><a href=\"index.html\">Culvert</a> <span>")
                .append(escape(version))
                .append("</span></header>\n<nav aria-label=\"Pages\"><ul>\n");
        for (String each : MAIN) {
            if (pages.containsKey(each)) {
                page.append("<li><a href=\"").append(htmlName(each)).append('"')
                        .append(each.equals(name) ? " aria-current=\"page\"" : "").append('>')
                        .append(escape(title(pages.get(each)))).append("</a></li>\n");
            }
        }
        page.append("</ul></nav>\n<main id=\"content\">\n").append(wideTables(html.render(body)));
        int at = MAIN.indexOf(name);
        if (at >= 0 && at + 1 < MAIN.size() && pages.containsKey(MAIN.get(at + 1))) {
            String next = MAIN.get(at + 1);
            page.append("<p class=\"next\">Next: <a href=\"").append(htmlName(next)).append("\">")
                    .append(escape(title(pages.get(next)))).append("</a></p>\n");
        }
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    /** A wide table scrolls by itself, so that the page does not. */
    private static String wideTables(String html) {
        return html.replace("<table>", "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>")
                .replace("</table>", "</table></div>");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
