package io.culvert.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The links of a written site. */
final class Links {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
    private static final Pattern ANCHOR = Pattern.compile("\\bid=\"([^\"]*)\"");

    private final Path site;

    Links(Path site) {
        this.site = site;
    }

    /** One line for each link that leads nowhere, or away from the site to be loaded. */
    List<String> dead() throws IOException {
        Map<String, String> pages = new HashMap<>();
        try (var files = Files.list(site)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".html")).toList()) {
                pages.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        Map<String, Set<String>> anchors = new HashMap<>();
        pages.forEach((name, text) -> anchors.put(name, all(ANCHOR, text)));
        var dead = new ArrayList<String>();
        pages.forEach((name, text) -> {
            for (String link : all(LINK, text)) {
                if (!leads(link, name, anchors)) {
                    dead.add("docs: " + name + ": " + link + " leads nowhere");
                }
            }
        });
        dead.sort(null);
        return dead;
    }

    private boolean leads(String link, String from, Map<String, Set<String>> anchors) {
        if (link.startsWith("https://") || link.startsWith("mailto:")) {
            return true;
        }
        int hash = link.indexOf('#');
        String page = hash < 0 ? link : hash == 0 ? from : link.substring(0, hash);
        if (hash < 0) {
            return anchors.containsKey(page) || Files.isRegularFile(site.resolve(page));
        }
        return anchors.containsKey(page) && anchors.get(page).contains(link.substring(hash + 1));
    }

    private static Set<String> all(Pattern pattern, String text) {
        var found = new HashSet<String>();
        pattern.matcher(text).results().forEach(each -> found.add(each.group(1)));
        return found;
    }
}
