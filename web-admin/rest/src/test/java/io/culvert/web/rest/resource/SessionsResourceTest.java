package io.culvert.web.rest.resource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Problem;
import io.culvert.web.rest.resource.SessionsResource.EndedSessions;
import io.culvert.web.rest.resource.SessionsResource.Session;
import io.culvert.web.rest.resource.SessionsResource.Sessions;
import io.culvert.web.rest.resource.UsersResource.Users;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionsResourceTest {
    @TempDir
    Path home;

    private FakeAppliance many(int count) {
        var fake = new FakeAppliance(home);
        for (int i = 1; i <= count; i++) {
            fake.session(i, "user" + i % 1_000);
        }
        return fake;
    }

    @Test
    void shouldServeEverySessionOnceOverItsPages() throws Exception {
        FakeAppliance fake = many(120);
        var seen = new ArrayList<String>();
        String cursor = "";
        do {
            Sessions page = fake.get("/api/v1/sessions?sort=bytesOut&limit=50" + cursor, Sessions.class);
            assertEquals(120, page.total());
            page.items().forEach(session -> seen.add(session.id()));
            cursor = page.next() == null ? "" : "&cursor=" + page.next();
        } while (!cursor.isEmpty());
        assertEquals(120, seen.size());
        assertEquals(120, new HashSet<>(seen).size());
    }

    @Test
    void shouldNeitherRepeatNorHideOthersWhenSessionsEndBetweenPages() throws Exception {
        FakeAppliance fake = many(10);
        Sessions first = fake.get("/api/v1/sessions?sort=since&limit=5", Sessions.class);
        fake.sessions.removeIf(session -> session.id() <= 3);
        Sessions second = fake.get("/api/v1/sessions?sort=since&limit=5&cursor=" + first.next(), Sessions.class);
        assertEquals(List.of("6", "7", "8", "9", "a"), second.items().stream().map(Session::id).toList());
        assertNull(second.next());
    }

    @Test
    void shouldFilterAndSearchOnTheServer() throws Exception {
        FakeAppliance fake = many(50);
        assertEquals(1, fake.get("/api/v1/sessions?filter=user:user7", Sessions.class).total());
        assertEquals(50, fake.get("/api/v1/sessions?filter=module:tls.jsse,established", Sessions.class).total());
        assertEquals(0, fake.get("/api/v1/sessions?filter=opening", Sessions.class).total());
        assertEquals(1, fake.get("/api/v1/sessions?q=USER42", Sessions.class).total());
        assertThrows(Problem.class, () -> fake.get("/api/v1/sessions?filter=colour:red", Sessions.class));
        assertThrows(Problem.class, () -> fake.get("/api/v1/sessions?sort=colour", Sessions.class));
        assertThrows(Problem.class, () -> fake.get("/api/v1/sessions?cursor=%%%", Sessions.class));
    }

    @Test
    void shouldTellWhichSessionsWouldEndBeforeItEndsThem() throws Exception {
        FakeAppliance fake = many(20);
        var dry = fake.call("POST", "/api/v1/sessions:end", "{\"filter\":\"user:user3\",\"dryRun\":true}", EndedSessions.class);
        assertEquals(new EndedSessions(1, List.of("user3"), 0, true), dry);
        assertEquals(20, fake.sessions.size());
        fake.call("POST", "/api/v1/sessions:end", "{\"ids\":[\"3\",\"4\"]}", EndedSessions.class);
        assertEquals(18, fake.sessions.size());
        assertThrows(Problem.class, () -> fake.call("POST", "/api/v1/sessions:end", "{}"), "ends everything");
    }

    @Test
    void shouldAnswerPagesOfTwoThousandInMilliseconds() throws Exception {
        FakeAppliance fake = many(2_000);
        var rows = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < 2_000; i++) {
            rows.add(Map.of("name", "user" + i, "enabled", true, "password", true));
        }
        fake.commands.put("user list", _ -> rows);
        long bestNs = Long.MAX_VALUE;
        for (int i = 0; i < 30; i++) {
            long beginNs = System.nanoTime();
            assertEquals(50, fake.get("/api/v1/sessions?sort=user&q=user", Sessions.class).items().size());
            assertEquals(50, fake.get("/api/v1/users?sort=-sessions", Users.class).items().size());
            bestNs = Math.min(bestNs, System.nanoTime() - beginNs);
        }
        assertTrue(bestNs < 200_000_000, "two pages took " + bestNs / 1_000_000 + " ms");
    }
}
