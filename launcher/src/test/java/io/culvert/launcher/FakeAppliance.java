package io.culvert.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;

/** A control socket that answers every request with the same lines, and keeps the requests. */
final class FakeAppliance implements AutoCloseable {
    final LinkedBlockingQueue<Map<String, Object>> requests = new LinkedBlockingQueue<>();
    private final ServerSocketChannel server;

    FakeAppliance(Path home, String... answers) throws IOException {
        Files.createDirectories(home.resolve("run"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(home.resolve("run/control.sock")));
        Thread.ofVirtual().start(() -> serve(List.of(answers)));
    }

    private void serve(List<String> answers) {
        while (server.isOpen()) {
            try (var channel = server.accept()) {
                var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8));
                requests.add(JSON.std.mapFrom(in.readLine()));
                var out = Channels.newOutputStream(channel);
                for (String answer : answers) {
                    out.write((answer + "\n").getBytes(UTF_8));
                }
            } catch (IOException e) {
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
