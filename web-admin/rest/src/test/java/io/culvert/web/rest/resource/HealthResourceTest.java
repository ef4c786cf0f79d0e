package io.culvert.web.rest.resource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.HealthResource.Health;
import io.culvert.web.rest.resource.OverviewResource.Overview;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthResourceTest {
    @TempDir
    Path home;

    private boolean draining;

    @Test
    void shouldSayThatItDrains() throws Exception {
        var fake = new FakeAppliance(home);
        fake.commands.put("drain", arguments -> {
            assertEquals(Map.of("show", true), arguments, "a look changes nothing");
            return Map.of("draining", draining);
        });
        assertFalse(fake.get("/api/v1/overview", Overview.class).draining());
        draining = true;
        WebResponse.Json answer = (WebResponse.Json) fake.call("GET", "/api/v1/health", "");
        assertTrue(((Health) answer.body()).draining());
        assertEquals(503, answer.status(), "a load balancer looks at nothing else");
        Overview overview = fake.get("/api/v1/overview", Overview.class);
        assertTrue(overview.draining());
        assertTrue(overview.problems().stream().anyMatch(each -> each.code().equals("draining")));
    }
}
