package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Role;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.MemoryStore;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class GuardTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Guard.Place OLD = new Guard.Place("::", 8443, List.of(), "", "");
    private static final Guard.Place NEW = new Guard.Place("127.0.0.1", 9443, List.of(), "", "");
    private static final Gate.Visit BROWSER = new Gate.Visit(
            new Caller("m.okafor", Role.ADMINISTRATOR, Caller.Means.SESSION, "192.0.2.1"), "s", "c", true, false);

    private final MemoryStore store = new MemoryStore();
    private final List<Guard.Place> reverted = new CopyOnWriteArrayList<>();
    private Instant now = Instant.now();

    private Guard guard() {
        return new Guard(store, new Json(), () -> now, reverted::add, _ -> {});
    }

    private void change() {
        try (var first = guard()) {
            first.begin(OLD);
            first.passed(BROWSER, "PUT", "/api/v1/modules/web.rest/config", Optional::empty);
        }
    }

    @Test
    void shouldGoBackWhenNobodyComesByAtTheNewPlace() {
        change();
        now = now.plus(Guard.TIME).minusMillis(200);
        try (var second = guard()) {
            second.begin(NEW);
            Eventually.await(SOON, () -> "still " + reverted, () -> reverted.equals(List.of(OLD)));
        }
    }

    @Test
    void shouldGoBackToTheCertificateThatBrowsersCouldUse() {
        change();
        now = now.plus(Guard.TIME).minusMillis(200);
        try (var second = guard()) {
            second.begin(new Guard.Place("::", 8443, List.of(), "etc/console.pem", "etc/console.key"));
            Eventually.await(SOON, () -> "still " + reverted, () -> reverted.equals(List.of(OLD)));
        }
    }

    @Test
    void shouldStayWhenAnAdministratorComesBy() {
        change();
        try (var second = guard()) {
            second.begin(NEW);
            second.passed(BROWSER, "GET", "/api/v1/overview", Optional::empty);
            Eventually.await(SOON, () -> "not kept", () -> {
                // What is proven is kept without asking again.
                now = Instant.now().plus(Duration.ofHours(1));
                return kept();
            });
        }
        assertEquals(List.of(), reverted);
    }

    private boolean kept() throws Exception {
        return new String(store.read("web/guard/place").orElseThrow().value(), java.nio.charset.StandardCharsets.UTF_8)
                .contains("9443");
    }

    @Test
    void shouldTakeWhatTheCommandLineChanges() throws Exception {
        try (var first = guard()) {
            first.begin(OLD);
        }
        try (var second = guard()) {
            second.begin(NEW);
            assertTrue(kept());
        }
    }

    @Test
    void shouldGoOnWaitingAfterARestart() {
        change();
        try (var second = guard()) {
            second.begin(NEW);
        }
        now = now.plus(Guard.TIME).minusMillis(200);
        try (var third = guard()) {
            third.begin(NEW);
            Eventually.await(SOON, () -> "still " + reverted, () -> reverted.equals(List.of(OLD)));
        }
    }
}
