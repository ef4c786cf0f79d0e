package io.culvert.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code Main CHECKOUT SITE VERSION}: writes the site from the pages of a checkout and what was built in it. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
        Path checkout = Path.of(arguments[0]).toAbsolutePath().normalize();
        Path target = Path.of(arguments[1]);
        var site = new Site(arguments[2]);
        pages(site, checkout.resolve("web-admin/docs/src/site"), checkout);
        site.add("write-a-module.md", Files.readString(checkout.resolve("distribution/src/docs/write-a-module.md")));
        new SettingsPages(checkout.resolve("launcher/target")).addTo(site);
        site.add("commands.md", CommandPage.text());
        site.add("api.md", ApiPage.text(checkout.resolve("web-admin/rest")));
        site.write(target);
        List<String> dead = new Links(target).dead();
        if (!dead.isEmpty()) {
            dead.forEach(System.err::println);
            System.err.println("docs: " + dead.size() + " dead links");
            System.exit(1);
        }
    }

    private static void pages(Site site, Path directory, Path checkout) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".md")).sorted().toList()) {
                site.add(file.getFileName().toString(), Include.expand(Files.readString(file), checkout));
            }
        }
    }
}
