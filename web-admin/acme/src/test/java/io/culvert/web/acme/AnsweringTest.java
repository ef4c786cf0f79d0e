package io.culvert.web.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AnsweringTest {
    private static String get(HttpClient client, int port, String path) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    @Test
    void shouldAnswerTheQuestionAndNothingElse() throws Exception {
        int port;
        try (var client = HttpClient.newHttpClient();
                var answering = new Answering("127.0.0.1", 0)) {
            port = answering.port();
            answering.add("token", "token.thumb");
            assertEquals("200 token.thumb", get(client, port, "/.well-known/acme-challenge/token"));
            assertEquals("404 ", get(client, port, "/.well-known/acme-challenge/other"));
            assertEquals("404 ", get(client, port, "/"));
        }
        assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", port).close());
    }

    @Test
    void shouldSayWhatToDoAboutABusyPort() throws Exception {
        try (var first = new Answering("127.0.0.1", 0)) {
            String complaint = assertThrows(IOException.class, () -> new Answering("127.0.0.1", first.port())).getMessage();
            assertTrue(complaint.contains("port " + first.port()) && complaint.contains("choose another"), complaint);
        }
    }

    @Test
    void shouldLeaveNothingOpenForABusyPort() throws Exception {
        try (var first = new Answering("127.0.0.1", 0)) {
            long before = sockets();
            for (int attempt = 0; attempt < 20; attempt++) {
                assertThrows(IOException.class, () -> new Answering("127.0.0.1", first.port()));
            }
            assertTrue(sockets() < before + 20, before + " before, " + sockets() + " after");
        }
    }

    private static long sockets() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
