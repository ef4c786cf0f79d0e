package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every page and dialog, by axe and a few rules of our own, light and dark, at a desk and on a phone. */
@RequiresBrowser
class ConsolePagesIT {
    private static Browser browser;

    @BeforeAll
    static void open() {
        browser = Browser.open();
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.close();
        }
    }

    static List<Scene> scenes() {
        return Scene.all();
    }

    @ParameterizedTest
    @MethodSource("scenes")
    void shouldHaveNothingWrong(Scene scene) {
        var faults = new ArrayList<String>();
        try (var backend = FakeBackend.start()) {
            browser.look(Look.desk(false));
            scene.show(backend, browser);
            for (Look look : Look.all()) {
                browser.look(look).settle();
                Axe.faults(browser).forEach(fault -> faults.add(look + ": " + fault));
            }
            browser.open("about:blank");
        }
        assertEquals("", String.join("\n", faults));
    }
}
