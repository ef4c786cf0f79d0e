package io.culvert.web.rest.openapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.WebEndpoint;
import io.culvert.web.rest.certificate.CertificateEndpoints;
import io.culvert.web.rest.certificate.RevocationList;
import io.culvert.web.rest.events.EventHub;
import io.culvert.web.rest.events.EventsResource;
import io.culvert.web.rest.events.Pulse;
import io.culvert.web.rest.resource.Appliance;
import io.culvert.web.rest.resource.CatalogueResource;
import io.culvert.web.rest.resource.ChangesResource;
import io.culvert.web.rest.resource.ConfigResource;
import io.culvert.web.rest.resource.HealthResource;
import io.culvert.web.rest.resource.KeysResource;
import io.culvert.web.rest.resource.LogResource;
import io.culvert.web.rest.resource.MetricsResource;
import io.culvert.web.rest.resource.ModulesResource;
import io.culvert.web.rest.resource.NothingRuns;
import io.culvert.web.rest.resource.OverviewResource;
import io.culvert.web.rest.resource.ProfilesResource;
import io.culvert.web.rest.resource.SessionsResource;
import io.culvert.web.rest.resource.UploadsResource;
import io.culvert.web.rest.resource.UsersResource;
import io.culvert.web.rest.server.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The examples are what the pages were written against, so they and the records must say the same. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("src/test/resources/examples");
    /** Of helpers with a test of their own, and those that are no record. */
    private static final Set<String> ELSEWHERE = Set.of("events", "problem", "audit");

    private static final Map<String, Class<?>> SHAPES = new TreeMap<>(Map.ofEntries(
            Map.entry("overview", OverviewResource.Overview.class),
            Map.entry("metrics", MetricsResource.Metrics.class),
            Map.entry("sessions", SessionsResource.Sessions.class),
            Map.entry("session", SessionsResource.Session.class),
            Map.entry("sessions-end.request", SessionsResource.EndSessions.class),
            Map.entry("sessions-end", SessionsResource.EndedSessions.class),
            Map.entry("users", UsersResource.Users.class),
            Map.entry("user", UsersResource.User.class),
            Map.entry("user-add.request", UsersResource.AddUser.class),
            Map.entry("user-add", UsersResource.User.class),
            Map.entry("user-change.request", UsersResource.ChangeUser.class),
            Map.entry("user-password.request", UsersResource.NewPassword.class),
            Map.entry("user-disable", UsersResource.UserEnded.class),
            Map.entry("user-remove", UsersResource.UserEnded.class),
            Map.entry("user-reset-factor.request", UsersResource.ResetFactor.class),
            Map.entry("user-reset-factor", UsersResource.FactorReset.class),
            Map.entry("user-import.request", UsersResource.ImportUsers.class),
            Map.entry("user-import", UsersResource.ImportedUsers.class),
            Map.entry("self", UsersResource.Self.class),
            Map.entry("self-password.request", UsersResource.OwnPassword.class),
            Map.entry("profiles", ProfilesResource.Profiles.class),
            Map.entry("profile-issue.request", ProfilesResource.IssueProfile.class),
            Map.entry("profile-issue", ProfilesResource.IssuedProfile.class),
            Map.entry("profile-revoke", ProfilesResource.RevokedProfile.class),
            Map.entry("profile-link.request", ProfilesResource.MakeLink.class),
            Map.entry("profile-link", ProfilesResource.ProfileLink.class),
            Map.entry("modules", ModulesResource.Modules.class),
            Map.entry("module", ModulesResource.ModuleDetail.class),
            Map.entry("module-upload", UploadsResource.Upload.class),
            Map.entry("catalogue", CatalogueResource.Catalogue.class),
            Map.entry("keys", KeysResource.Keys.class),
            Map.entry("key", KeysResource.Key.class),
            Map.entry("key-trust.request", KeysResource.TrustKey.class),
            Map.entry("change-plan.request", ChangesResource.PlanChange.class),
            Map.entry("change-plan-config.request", ChangesResource.PlanChange.class),
            Map.entry("change-plan", ChangesResource.Change.class),
            Map.entry("change-plan-config", ChangesResource.Change.class),
            Map.entry("change-apply.request", ChangesResource.ApplyChange.class),
            Map.entry("change-apply", ChangesResource.Change.class),
            Map.entry("change", ChangesResource.Change.class),
            Map.entry("change-kept", ChangesResource.Change.class),
            Map.entry("change-rolled-back", ChangesResource.Change.class),
            Map.entry("change-failed", ChangesResource.Change.class),
            Map.entry("change-rollback", ChangesResource.Change.class),
            Map.entry("change-cancel", ChangesResource.Change.class),
            Map.entry("change-stale.problem", ChangesResource.StalePlan.class),
            Map.entry("changes", ChangesResource.Changes.class),
            Map.entry("module-config", ConfigResource.ModuleConfig.class),
            Map.entry("module-config.request", ConfigResource.ChangeConfig.class),
            Map.entry("module-schema", ConfigResource.ModuleSchema.class),
            Map.entry("config-validate.request", ConfigResource.ChangeConfig.class),
            Map.entry("config-validate", ConfigResource.CheckedConfig.class),
            Map.entry("snapshots", ConfigResource.Snapshots.class),
            Map.entry("snapshot-restore", ChangesResource.Change.class),
            Map.entry("log", LogResource.Log.class),
            Map.entry("certificate", CertificateEndpoints.ConsoleCertificateShown.class),
            Map.entry("certificate-import.request", CertificateEndpoints.ImportCertificate.class),
            Map.entry("health", HealthResource.Health.class)));

    private static final Map<String, Class<?>> EVENTS = Map.of(
            "throughput", Pulse.ThroughputEvent.class,
            "counts", Pulse.CountsEvent.class,
            "module", Pulse.ModuleEvent.class,
            "change", ChangesResource.Change.class,
            "log", LogResource.LogEntry.class,
            "audit", Pulse.AuditEvent.class);

    private final Json json = new Json();

    static List<WebEndpoint> endpoints() {
        var all = new ArrayList<WebEndpoint>();
        all.addAll(new Appliance(new NothingRuns(), Path.of("target"), "0.1.0", InstantSource.system(), new SecureRandom())
                .endpoints());
        all.addAll(new EventsResource(new EventHub(new SecureRandom()), () -> {}, "0.1.0", 1_000).endpoints());
        all.addAll(new CertificateEndpoints(null).endpoints());
        all.addAll(new RevocationList(() -> null, InstantSource.system()).endpoints());
        all.addAll(new OpenApiResource(() -> all, "0.1.0").endpoints());
        return all;
    }

    private static Map<String, Path> files() throws IOException {
        var files = new TreeMap<String, Path>();
        try (Stream<Path> list = Files.list(EXAMPLES)) {
            list.forEach(file -> files.put(file.getFileName().toString().replaceFirst("\\.json$", ""), file));
        }
        return files;
    }

    @TestFactory
    Stream<DynamicTest> shouldReadAndWriteEachExampleAsItStands() throws IOException {
        Map<String, Path> files = files();
        return SHAPES.entrySet().stream().map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
            byte[] example = Files.readAllBytes(files.get(each.getKey()));
            Object value = json.read(example, each.getValue());
            Object tree = json.read(example, Object.class);
            Object again = json.read(json.write(value), Object.class);
            // A request may leave out what can be null.
            assertEquals(tree, each.getKey().endsWith(".request") ? without(again, tree) : again);
        }));
    }

    private static Object without(Object written, Object example) {
        if (!(written instanceof Map<?, ?> all) || !(example instanceof Map<?, ?> some)) {
            if (written instanceof List<?> list && example instanceof List<?> other && list.size() == other.size()) {
                var items = new ArrayList<Object>();
                for (int i = 0; i < list.size(); i++) {
                    items.add(without(list.get(i), other.get(i)));
                }
                return items;
            }
            return written;
        }
        var left = new LinkedHashMap<Object, Object>();
        all.forEach((name, value) -> {
            if (value != null || some.containsKey(name)) {
                left.put(name, without(value, some.get(name)));
            }
        });
        return left;
    }

    @Test
    void shouldShowAnExampleOfEveryShapeThatAnEndpointTakesOrGives() {
        var shown = new HashSet<>(SHAPES.values());
        for (WebEndpoint endpoint : endpoints()) {
            for (Class<?> shape : List.of(endpoint.request(), endpoint.response())) {
                assertTrue(
                        !shape.isRecord() || shown.contains(shape),
                        endpoint.method() + " " + endpoint.path() + ": no example of " + shape.getSimpleName());
            }
        }
    }

    @Test
    void shouldShowEventsAsTheyAreSent() throws IOException {
        var events = (List<?>) json.read(Files.readAllBytes(files().get("events")), Object.class);
        for (Object each : events) {
            var event = (Map<?, ?>) each;
            Class<?> shape = EVENTS.get(String.valueOf(event.get("event")));
            if (shape != null) {
                byte[] data = json.write(event.get("data"));
                assertEquals(event.get("data"), json.read(json.write(json.read(data, shape)), Object.class));
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldDescribeWhatTheExamplesShow() throws IOException {
        Map<String, Path> files = files();
        Map<String, Object> document = OpenApi.document(endpoints(), "0.1.0");
        var components = (Map<?, ?>) ((Map<?, ?>) document.get("components")).get("schemas");
        var conforming = new Conforming(components);
        return SHAPES.entrySet().stream()
                .filter(each -> components.containsKey(each.getValue().getSimpleName()))
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    Object example = json.read(Files.readAllBytes(files.get(each.getKey())), Object.class);
                    assertEquals(List.of(), conforming.check(each.getValue().getSimpleName(), example));
                }));
    }

    @Test
    void shouldNoticeAnExampleThatDoesNotConform() {
        Map<String, Object> document = OpenApi.document(endpoints(), "0.1.0");
        var conforming = new Conforming((Map<?, ?>) ((Map<?, ?>) document.get("components")).get("schemas"));
        assertEquals(1, conforming.check("UserEnded", Map.of("name", "alice", "sessionsEnded", 1)).size());
        assertEquals(1, conforming.check("UserEnded", Map.of("name", 7, "sessionsEnded", 1, "note", "")).size());
    }

    @Test
    void shouldLeaveNoExampleWithoutAShape() throws IOException {
        for (String name : files().keySet()) {
            assertTrue(
                    SHAPES.containsKey(name) || ELSEWHERE.contains(name) || name.startsWith("auth-") || name.startsWith("setup"),
                    name + " is of no shape");
        }
    }
}
