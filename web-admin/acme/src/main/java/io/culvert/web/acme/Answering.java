package io.culvert.web.acme;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Answers the authority over HTTP (RFC 8555 section 8.3) for as long as it is open, and nothing else. */
final class Answering implements AutoCloseable {
    private static final String PATH = "/.well-known/acme-challenge/";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, String> answers = new ConcurrentHashMap<>();

    /** @throws IOException naming address and port, and what to do */
    Answering(String address, int port) throws IOException {
        try {
            var place = new InetSocketAddress(address, port);
            probe(place);
            server = HttpServer.create(place, 0);
        } catch (IOException e) {
            threads.close();
            throw new IOException("port " + port + " of " + address + " cannot be opened for the authority's question ("
                    + e.getMessage() + "); free it, or choose another one in 'port' that port 80 leads to", e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** The JDK's server keeps the socket open for which it could not have the address. */
    private static void probe(InetSocketAddress place) throws IOException {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(place);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    void add(String token, String answer) {
        answers.put(token, answer);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String answer = path.startsWith(PATH) ? answers.get(path.substring(PATH.length())) : null;
            if (answer == null || !exchange.getRequestMethod().equals("GET")) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            byte[] body = answer.getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
