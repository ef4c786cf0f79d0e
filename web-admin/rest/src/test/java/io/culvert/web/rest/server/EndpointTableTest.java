package io.culvert.web.rest.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebResponse;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class EndpointTableTest {
    private final EndpointTable table = new EndpointTable();

    private static WebEndpoints service() {
        List<WebEndpoint> own =
                List.of(WebEndpoint.get("/api/v1/things", Role.VIEWER, "Things.", Void.class, _ -> WebResponse.none()));
        return () -> own;
    }

    private WebEndpoint answering() {
        return table.find("GET", "/api/v1/things", new TreeSet<>()).endpoint();
    }

    @Test
    void shouldHandOverToTheNextVersionOfAModule() {
        WebEndpoints old = service();
        WebEndpoints next = service();
        table.add(old);
        table.add(next);
        assertSame(old.endpoints().getFirst(), answering());
        assertEquals(1, table.all().size());
        table.remove(old);
        assertSame(next.endpoints().getFirst(), answering());
        table.remove(next);
        assertEquals(List.of(), table.all());
    }

    @Test
    void shouldGoBackWhenTheNextVersionGoesAgain() {
        WebEndpoints old = service();
        WebEndpoints next = service();
        table.add(old);
        table.add(next);
        table.remove(next);
        assertSame(old.endpoints().getFirst(), answering());
    }
}
