package io.culvert.web.ui;

import io.culvert.api.web.WebContent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The console's files. {@code index.html} is asked for each time and names everything else below {@code a/HASH/}, where
 * HASH is taken over all files: the browser keeps those for good, and another version of the console has other names.
 */
final class Console implements WebContent {
    private static final String INDEX = "index.html";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml");

    private final Map<String, Content> files = new TreeMap<>();
    private final String base;

    /** @param sources the files by their path: {@code js/main.js} */
    Console(Map<String, byte[]> sources) {
        var sorted = new TreeMap<>(sources);
        base = "a/" + hash(sorted) + "/";
        sorted.forEach((path, body) -> {
            var type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
            if (type != null && !path.equals(INDEX)) {
                files.put(base + path, new Content(type, body, true));
            }
        });
        var page = sorted.get(INDEX);
        if (page == null) {
            throw new IllegalArgumentException("the console has no " + INDEX);
        }
        var index = new Content(TYPES.get("html"), index(new String(page, StandardCharsets.UTF_8)), false);
        files.put("", index);
        files.put(INDEX, index);
        files.put("self", index);
    }

    @Override
    public String prefix() {
        return "/";
    }

    @Override
    public Optional<Content> find(String path) {
        return Optional.ofNullable(files.get(path));
    }

    /** With absolute addresses, and the modules named ahead so that the browser need not find them one by one. */
    private byte[] index(String page) {
        var ahead = files.keySet().stream()
                .filter(path -> path.endsWith(".js"))
                .map(path -> "<link rel=\"modulepreload\" href=\"/" + path + "\">\n")
                .collect(Collectors.joining());
        return page.replaceAll("(href|src)=\"(?=[a-z])", "$1=\"/" + base)
                .replace("</head>", ahead + "</head>")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String hash(TreeMap<String, byte[]> sources) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            sources.forEach((path, body) -> {
                digest.update((path + "\n" + body.length + "\n").getBytes(StandardCharsets.UTF_8));
                digest.update(body);
            });
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
