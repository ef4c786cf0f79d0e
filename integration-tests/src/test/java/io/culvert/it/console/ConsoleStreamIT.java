package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The console's pages and the stream of events: lost and back, long lists, changes by others. */
@RequiresBrowser
class ConsoleStreamIT {
    private static Browser browser;
    private FakeBackend backend;

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

    @BeforeEach
    void start() {
        backend = FakeBackend.start();
    }

    @AfterEach
    void stop() {
        browser.open("about:blank");
        backend.close();
    }

    @Test
    void shouldSayThatTheStreamIsLostAndThatItIsBack() {
        browser.open(backend.url() + "#/overview").see(".link-state[data-s=live]");
        browser.expect("/events");
        backend.stream(false);
        browser.see(".stale-note", "No connection to the appliance");
        backend.stream(true);
        browser.await("the notice to go", Duration.ofSeconds(30), each -> each.all(".stale-note").isEmpty());
        browser.see(".link-state[data-s=live]");
    }

    @Test
    void shouldShowWhatOthersChange() {
        browser.open(backend.url() + "#/modules?change=17").see("dialog .gauge");
        backend.example("GET", "/changes/17", 200, "change-rolled-back");
        var change = FakeBackend.load("change-rolled-back");
        change.put("id", "17");
        backend.tell("change", change);
        browser.see("dialog .notice", "Rolled back");
    }

    @Test
    void shouldHoldTheLogWhilePaused() {
        browser.open(backend.url() + "#/log").see(".loglines li");
        browser.await("a listener", _ -> backend.listeners() > 0);
        browser.click("button", "Pause");
        backend.tell("log", line(5000, "a line while paused"));
        browser.click("button", "1 new line");
        browser.see(".loglines li", "a line while paused");
    }

    private static Map<String, Object> line(int sequence, String message) {
        return Map.of(
                "sequence", sequence, "time", "2026-11-21T17:20:11Z", "level", "info", "module", "core", "logger",
                "io.culvert.core.Core", "thread", "loop-0", "message", message, "trace", "");
    }

    @Test
    void shouldShowThePlanAnewWhenItIsStale() {
        backend.example("POST", "/changes/[^/]+:apply", 409, "change-stale.problem");
        browser.expect("409");
        browser.open(backend.url() + "#/modules").click("tbody button.primary", "Update TLS of the JDK");
        browser.click("dialog button", "Continue").click("dialog button", "Replace side by side");
        browser.see("dialog .notice", "Something changed since the plan was made");
        assertTrue(browser.text().contains("Checked before anything changes"));
    }

    @Test
    void shouldAskForTheLastFourCharactersBeforeAKeyIsTrusted() {
        browser.open(backend.url() + "#/modules").click("button", "Install module").see("#install-file").sendKeys(browser.anyFile().toString());
        browser.click("dialog button", "Send and look at it").type("#trust-name", "partner");
        browser.type("#trust-four", "0000");
        assertEquals("true", browser.see("dialog.trust button.primary").getDomProperty("disabled"));
        browser.type("#trust-four", "b924").click("dialog.trust button.primary", "Trust this key");
        browser.see("dialog .impact");
        assertTrue(backend.written().stream().anyMatch(each -> each.path().equals("/keys") && each.body().contains("b924")));
    }
}
