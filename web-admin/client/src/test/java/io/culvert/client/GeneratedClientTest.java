package io.culvert.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.sun.net.httpserver.HttpServer;
import io.culvert.client.api.ChangesApi;
import io.culvert.client.api.SessionsApi;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client as a public generator makes it, against a server that answers with the API's examples. */
class GeneratedClientTest {
    private static final Path EXAMPLES = Path.of("../rest/src/test/resources/examples");

    private HttpServer server;
    private ApiClient client;
    private String asked = "";
    private String token = "";

    @BeforeEach
    void serveExamples() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/v1/", exchange -> {
            asked = exchange.getRequestURI().toString();
            token = exchange.getRequestHeaders().getFirst("Authorization");
            String name = exchange.getRequestURI().getPath().replace("/api/v1/", "");
            byte[] body = Files.readAllBytes(EXAMPLES.resolve(name.replace("changes/17", "change") + ".json"));
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        client = new ApiClient();
        client.updateBaseUri("http://127.0.0.1:" + server.getAddress().getPort());
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer secret"));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void shouldListSessions() throws Exception {
        var sessions = new SessionsApi(client).getSessions("alice", null, "-since", 50, null);
        assertEquals("/api/v1/sessions?q=alice&sort=-since&limit=50", asked);
        assertEquals("Bearer secret", token);
        assertEquals(214, sessions.getTotal());
        assertEquals("alice", sessions.getItems().getFirst().getUser());
        assertEquals("tls.jsse/0.1.0", sessions.getItems().getFirst().getModules().get("tls"));
    }

    @Test
    void shouldReadAPlanAndItsAbsence() throws Exception {
        var changes = new ChangesApi(client);
        assertEquals("watching", changes.getChangesId("17").getState());
        assertNull(changes.getChanges(null, null, null, null, null).getItems().getFirst().getPlan());
    }
}
