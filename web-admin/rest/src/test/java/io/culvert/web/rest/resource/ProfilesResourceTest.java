package io.culvert.web.rest.resource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.ProfilesResource.IssuedProfile;
import io.culvert.web.rest.resource.ProfilesResource.ProfileLink;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfilesResourceTest {
    private static final String SECRET = "client\n<key>secret</key>\n" + "x".repeat(4_000);

    @TempDir
    Path home;

    private FakeAppliance fake;

    @BeforeEach
    void answerAsControlDoes() {
        fake = new FakeAppliance(home);
        fake.commands.put("profile", arguments -> Map.of(
                "name", arguments.get("name"), "protocol", "openvpn", "instance", "udp", "transport", "udp",
                "certificate", "abc", "profile", SECRET));
        fake.commands.put("profile list", _ -> List.of(Map.of(
                "user", "alice", "id", "abc", "notBefore", "2026-01-01T00:00:00Z", "notAfter", "2028-01-01T00:00:00Z")));
    }

    private IssuedProfile issue() throws Exception {
        return fake.call("POST", "/api/v1/users/alice/profiles", "{\"device\":\"My laptop\\n\"}", IssuedProfile.class);
    }

    private static String text(WebResponse answer) throws Exception {
        return new String(((WebResponse.Bytes) answer).body().readAllBytes(), StandardCharsets.UTF_8);
    }

    private int status(String method, String path) {
        return assertThrows(Problem.class, () -> fake.call(method, path, "")).status();
    }

    @Test
    void shouldGiveTheFileUntilItIsClosed() throws Exception {
        IssuedProfile issued = issue();
        assertEquals("alice-My-laptop.ovpn", issued.fileName());
        WebResponse file = fake.call("GET", issued.downloads().file(), "");
        assertEquals(SECRET, text(file));
        assertEquals("no-store", file.headers().get("Cache-Control"));
        fake.call("POST", "/api/v1/profiles/abc:close", "");
        assertEquals(410, status("GET", issued.downloads().file()));
    }

    @Test
    void shouldForgetTheFileAfterHalfAnHour() throws Exception {
        IssuedProfile issued = issue();
        fake.now = fake.now.plus(Duration.ofMinutes(31));
        assertEquals(410, status("GET", issued.downloads().file()));
        assertEquals(410, status("GET", issued.downloads().qr()));
    }

    @Test
    void shouldRevealALinkOnceAndOnlyToAButton() throws Exception {
        issue();
        ProfileLink link = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        assertFalse(link.toString().contains(link.path()), "a log would show the link");
        for (int i = 0; i < 2; i++) {
            String page = text(fake.call("GET", link.path(), ""));
            assertTrue(page.contains("<form method=\"post\">") && !page.contains("secret"), page);
        }
        assertEquals(SECRET, text(fake.call("POST", link.path(), "")));
        assertEquals(410, fake.call("POST", link.path(), "").status());
        assertEquals(410, fake.call("GET", link.path(), "").status());
    }

    @Test
    void shouldKeepLinksOverARestart() throws Exception {
        issue();
        ProfileLink kept = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        ProfileLink used = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        assertEquals(SECRET, text(fake.call("POST", used.path(), "")));
        var again = new FakeAppliance(home, fake.store);
        assertEquals(410, again.call("GET", used.path(), "").status());
        assertEquals(410, again.call("POST", used.path(), "").status());
        assertEquals(SECRET, text(again.call("POST", kept.path(), "")));
        assertTrue(fake.store.list("web/link").isEmpty(), "nothing is left of used ones");
    }

    @Test
    void shouldKeepNeitherTokenNorProfileInTheClear() throws Exception {
        issue();
        ProfileLink link = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        String token = link.path().substring("/p/".length());
        var all = fake.store.list("web/link");
        assertEquals(2, all.size());
        for (var entry : all) {
            String value = new String(entry.value(), StandardCharsets.ISO_8859_1);
            assertFalse(entry.key().contains(token) || value.contains(token) || value.contains("secret"), entry.key());
        }
    }

    @Test
    void shouldGiveALinkToOneOfManyAtOnce() throws Exception {
        issue();
        ProfileLink link = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        var given = new java.util.concurrent.atomic.AtomicInteger();
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) {
                threads.submit(() -> {
                    if (fake.call("POST", link.path(), "").status() == 200) {
                        given.incrementAndGet();
                    }
                    return null;
                });
            }
        }
        assertEquals(1, given.get());
    }

    @Test
    void shouldEndLinksWithTheirTimeAndTheirProfile() throws Exception {
        issue();
        ProfileLink brief = fake.call("POST", "/api/v1/profiles/abc/link", "{\"validSeconds\":60}", ProfileLink.class);
        ProfileLink day = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        fake.now = fake.now.plus(Duration.ofSeconds(61));
        assertEquals(410, fake.call("POST", brief.path(), "").status());
        assertEquals(200, fake.call("GET", day.path(), "").status());
        fake.commands.put("revoke", arguments -> Map.of("revoked", List.of(arguments.get("profile")), "sessionsEnded", 0));
        fake.call("DELETE", "/api/v1/profiles/abc", "");
        assertEquals(410, fake.call("POST", day.path(), "").status());
    }

    @Test
    void shouldSpeakTheLanguageOfTheBrowser() throws Exception {
        issue();
        ProfileLink link = fake.call("POST", "/api/v1/profiles/abc/link", "{}", ProfileLink.class);
        for (var each : Map.of(
                "de-AT,de;q=0.9,en;q=0.5", "Ihr VPN-Profil", "en-GB", "Your VPN profile", "fr", "Your VPN profile",
                ";;q=x", "Your VPN profile", "fr,de;q=0.3", "Ihr VPN-Profil").entrySet()) {
            fake.languages = each.getKey();
            assertTrue(text(fake.call("GET", link.path(), "")).contains(each.getValue()), each.getKey());
        }
        fake.languages = "de";
        assertTrue(text(fake.call("GET", "/p/unknown", "")).contains("gilt nicht mehr"));
    }

    @Test
    void shouldDrawALinkWhenTheProfileIsTooLongForAPicture() throws Exception {
        IssuedProfile issued = issue();
        assertFalse(issued.qrFits());
        String svg = text(fake.call("GET", issued.downloads().qr(), ""));
        assertTrue(svg.startsWith("<svg ") && svg.contains("#fff"), svg.substring(0, 80));
        assertEquals(svg, text(fake.call("GET", issued.downloads().qr(), "")), "each look makes another link");
    }

    @Test
    void shouldGiveUsersNothingButTheirOwn() throws Exception {
        issue();
        fake.caller = new Caller("bob", Role.SELF, Caller.Means.SESSION, "192.0.2.1");
        assertEquals(410, status("GET", "/api/v1/self/profiles/abc/file"));
        assertEquals(404, status("DELETE", "/api/v1/self/profiles/abc"));
        fake.caller = new Caller("alice", Role.SELF, Caller.Means.SESSION, "192.0.2.1");
        assertEquals(SECRET, text(fake.call("GET", "/api/v1/self/profiles/abc/file", "")));
    }

    @Test
    void shouldForgetTheFileOfARevokedProfile() throws Exception {
        issue();
        fake.commands.put("revoke", arguments -> Map.of("revoked", List.of(arguments.get("profile")), "sessionsEnded", 1));
        fake.call("DELETE", "/api/v1/profiles/abc", "");
        assertEquals(410, status("GET", "/api/v1/profiles/abc/file"));
        assertEquals(404, status("DELETE", "/api/v1/profiles/abd"));
    }

    @Test
    void shouldIssueAUserNoCertificatesWithoutEnd() throws Exception {
        fake.caller = new Caller("alice", Role.SELF, Caller.Means.SESSION, "192.0.2.1");
        fake.commands.put("profile list", _ -> java.util.stream.IntStream.range(0, 20)
                .mapToObj(i -> Map.of(
                        "user", "alice", "id", "abc" + i, "notBefore", "2026-01-01T00:00:00Z", "notAfter", "2028-01-01T00:00:00Z"))
                .toList());
        Problem refused = assertThrows(Problem.class, () -> fake.call("POST", "/api/v1/self/profiles", "{}"));
        assertEquals("too-many-profiles", refused.code());
        fake.caller = new Caller("bob", Role.SELF, Caller.Means.SESSION, "192.0.2.1");
        fake.call("POST", "/api/v1/self/profiles", "{}");
    }
}
