package io.culvert.it.console;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes a picture of every page and dialog, light and dark, at a desk and on a phone. */
public final class Screenshots {
    private static final int MOST_PIXELS = 2600;

    private Screenshots() {}

    /** @param arguments a directory, and perhaps a part of the names of the scenes wanted, and a language such as de */
    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createDirectories(Path.of(arguments[0]));
        String wanted = arguments.length > 1 ? arguments[1] : "";
        String language = arguments.length > 2 ? arguments[2] : "";
        int failed = 0;
        try (var browser = Browser.open()) {
            for (Scene scene : Scene.all()) {
                if (scene.name().contains(wanted)) {
                    failed += draw(scene, browser, directory, language);
                }
            }
        }
        System.exit(failed == 0 ? 0 : 1);
    }

    private static int draw(Scene scene, Browser browser, Path directory, String language)
            throws IOException {
        try (var backend = FakeBackend.start()) {
            // Other words fit or do not, in the dark as well.
            for (Look look : language.isEmpty() ? Look.all() : List.of(Look.desk(false), Look.phone(false))) {
                // From new for each: what was laid out for a desk is not what a phone would have drawn.
                scene.show(backend, browser.look(look), language);
                Files.write(directory.resolve(scene.name() + "-" + look + (language.isEmpty() ? "" : "-" + language) + ".png"), browser.longPicture(MOST_PIXELS));
            }
            browser.open("about:blank");
            browser.messages().forEach(line -> System.err.println(scene + ": " + line));
            System.out.println(scene);
            return 0;
        } catch (AssertionError e) {
            System.err.println(scene + ": " + e.getMessage());
            return 1;
        }
    }
}
