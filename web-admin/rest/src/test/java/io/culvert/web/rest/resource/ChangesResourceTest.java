package io.culvert.web.rest.resource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.ChangesResource.Change;
import io.culvert.web.rest.resource.ChangesResource.StalePlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChangesResourceTest {
    private static final String UPDATE = "{\"kind\":\"update\",\"module\":\"tls.jsse\",\"target\":\"tls.jsse\"}";

    @TempDir
    Path home;

    private FakeAppliance fake;
    private String hash = "0123456789abcdef";
    private int sessions;

    @BeforeEach
    void answerAsTheEngineDoes() {
        fake = new FakeAppliance(home);
        fake.commands.put("module plan", arguments -> Map.of(
                "module", arguments.getOrDefault("module", "auth.totp"), "from", "0.1.0", "to", "0.1.1",
                "strategy", arguments.containsKey("replace") ? "replace" : "side by side",
                "planHash", hash + (arguments.containsKey("replace") ? "-replace" : ""), "watch", 30,
                "sessions", sessions == 0 ? Map.of() : Map.of("tls.jsse/0.1.0", sessions)));
        var change = Map.<String, Object>of(
                "id", 7, "kind", "update", "module", "tls.jsse", "from", "0.1.0", "version", "0.1.1", "state", "staging",
                "strategy", "side by side", "created", "2026-01-02T03:04:05Z", "updated", "2026-01-02T03:04:05Z");
        fake.commands.put("module update", _ -> change);
        fake.commands.put("module stop", _ -> change);
        fake.commands.put("module install", _ -> change);
        fake.commands.put("module changes", arguments -> arguments.containsKey("change") ? change : List.of(change));
    }

    private Change plan(String body) throws Exception {
        return fake.call("POST", "/api/v1/changes", body, Change.class);
    }

    private WebResponse apply(String id, String body) throws Exception {
        return fake.call("POST", "/api/v1/changes/" + id + ":apply", body);
    }

    @Test
    void shouldPlanWithoutEffectsAndThenCarryOutWhatWasPlanned() throws Exception {
        Change draft = plan(UPDATE);
        assertEquals("planned", draft.state());
        assertEquals("update of tls.jsse from 0.1.0 to 0.1.1", draft.title());
        var answer = (WebResponse.Json) apply(draft.id(), "{\"planHash\":\"" + hash + "\",\"watch\":5,\"note\":\"why\"}");
        assertEquals(202, answer.status());
        assertEquals("7", ((Change) answer.body()).id());
        assertEquals("root", ((Change) answer.body()).by());
        assertEquals("7", fake.get("/api/v1/changes/" + draft.id(), Change.class).id());
        assertTrue(
                fake.calls.contains("module update {detach=true, kind=update, module=tls.jsse, note=why, planHash=" + hash
                        + ", target=tls.jsse, watch=5}"),
                fake.calls.toString());
    }

    @Test
    void shouldHandTheLimitsOfTheWatchOn() throws Exception {
        Change draft = plan(UPDATE);
        String limits = ",\"limits\":{\"handshakes\":%d,\"throughput\":0}}";
        Problem refused = assertThrows(
                Problem.class, () -> apply(draft.id(), "{\"planHash\":\"" + hash + "\"" + limits.formatted(101)));
        assertEquals("must be 0 to 100", refused.fields().get("limits.handshakes"));
        assertEquals(202, apply(draft.id(), "{\"planHash\":\"" + hash + "\"" + limits.formatted(40)).status());
        assertTrue(
                fake.calls.stream().anyMatch(call -> call.startsWith("module update")
                        && (call.contains("limits={handshakes=40, throughput=0}")
                                || call.contains("limits={throughput=0, handshakes=40}"))),
                fake.calls.toString());
    }

    @Test
    void shouldAnswerAStalePlanWithAFreshOneAndDoNothing() throws Exception {
        Change draft = plan(UPDATE);
        hash = "another";
        var answer = (WebResponse.Json) apply(draft.id(), "{\"planHash\":\"0123456789abcdef\"}");
        assertEquals(409, answer.status());
        var stale = (StalePlan) answer.body();
        assertEquals("plan-stale", stale.code());
        assertEquals("another", stale.change().plan().planHash());
        assertTrue(fake.calls.stream().noneMatch(call -> call.startsWith("module update")), fake.calls.toString());
        assertEquals(202, apply(draft.id(), "{\"planHash\":\"another\"}").status());
    }

    @Test
    void shouldTakeAnotherStrategyForThePlanThatWasSeen() throws Exception {
        Change draft = plan(UPDATE);
        apply(draft.id(), "{\"planHash\":\"" + hash + "\",\"strategy\":\"replace\"}");
        assertTrue(
                fake.calls.stream().anyMatch(call -> call.startsWith("module update") && call.contains(hash + "-replace")),
                fake.calls.toString());
    }

    @Test
    void shouldAskForTheNumberOfSessionsThatAStopEnds() throws Exception {
        sessions = 12;
        Change draft = plan("{\"kind\":\"stop\",\"module\":\"tls.jsse\"}");
        assertEquals(12, draft.plan().sessionTotal());
        Problem refused = assertThrows(Problem.class, () -> apply(draft.id(), "{}"));
        assertEquals("confirm", refused.code());
        assertEquals(202, apply(draft.id(), "{\"confirm\":\"12\"}").status());
    }

    @Test
    void shouldLeaveInstallingToAdministratorsAndFilesToTheQuarantine() throws Exception {
        String path = "{\"kind\":\"update\",\"target\":\"/etc/../etc/passwd.jar\"}";
        assertEquals(400, assertThrows(Problem.class, () -> plan(path)).status());
        String escape = "{\"kind\":\"update\",\"target\":\"" + home + "/var/modules/quarantine/../../../x.jar\"}";
        assertEquals(400, assertThrows(Problem.class, () -> plan(escape)).status());
        fake.caller = new Caller("op", Role.OPERATOR, Caller.Means.SESSION, "192.0.2.1");
        assertEquals(
                403,
                assertThrows(Problem.class, () -> plan("{\"kind\":\"install\",\"target\":\"auth.totp\"}")).status());
        assertEquals("planned", plan(UPDATE).state());
    }

    @Test
    void shouldInstallOnlyAfterAFreshProof() throws Exception {
        Change draft = plan("{\"kind\":\"install\",\"target\":\"auth.totp\"}");
        String body = "{\"planHash\":\"" + hash + "\"}";
        fake.fresh = false;
        assertEquals("fresh-proof", assertThrows(Problem.class, () -> apply(draft.id(), body)).code());
        fake.fresh = true;
        apply(draft.id(), body);
    }

    @Test
    void shouldCallADraftOff() throws Exception {
        Change draft = plan(UPDATE);
        assertEquals("cancelled", fake.call("POST", "/api/v1/changes/" + draft.id() + ":cancel", "", Change.class).state());
        assertThrows(Problem.class, () -> apply(draft.id(), "{}"));
    }
}
