package io.culvert.control.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlSocketTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private final CountDownLatch waiting = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final List<Command> commands = new CopyOnWriteArrayList<>();
    private ControlSocket socket;

    @BeforeEach
    void listen() throws IOException {
        add("echo", (arguments, reply) -> arguments);
        add("wait", (arguments, reply) -> {
            waiting.countDown();
            return release.await(SOON.toSeconds(), TimeUnit.SECONDS);
        });
        add("refuse", (arguments, reply) -> {
            throw new CommandException("there is no user bob");
        });
        add("break", (arguments, reply) -> {
            throw new IllegalStateException("hunter2");
        });
        add("follow", (arguments, reply) -> {
            reply.send(Map.of("n", 1));
            reply.send(Map.of("n", 2));
            waiting.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
            return "end";
        });
        socket = new ControlSocket(path(), new CommandTable(() -> commands));
    }

    @AfterEach
    void close() {
        socket.close();
    }

    private Path path() {
        return directory.resolve("control.sock");
    }

    private interface Body {
        Object run(Map<String, Object> arguments, Command.Reply reply) throws CommandException, InterruptedException;
    }

    private void add(String name, Body body) {
        commands.add(new Command() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
                return body.run(arguments, reply);
            }
        });
    }

    private final class Client implements AutoCloseable {
        private final SocketChannel channel;
        private final OutputStream out;
        private final BufferedReader in;

        Client() throws IOException {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(path()));
            out = Channels.newOutputStream(channel);
            in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8));
        }

        void send(String line) throws IOException {
            out.write((line + "\n").getBytes(UTF_8));
        }

        String receive() {
            return assertTimeoutPreemptively(SOON, in::readLine);
        }

        String ask(String line) throws IOException {
            send(line);
            return receive();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Test
    void shouldAnswerOneClientWhileAnotherWaits() throws Exception {
        try (var slow = new Client(); var quick = new Client()) {
            slow.send("{\"command\":\"wait\"}");
            assertTrue(waiting.await(SOON.toSeconds(), TimeUnit.SECONDS));
            assertEquals(
                    "{\"result\":{\"name\":\"alice\"}}",
                    quick.ask("{\"command\":\"echo\",\"arguments\":{\"name\":\"alice\"}}"));
            release.countDown();
            assertEquals("{\"result\":true}", slow.receive());
        }
    }

    @Test
    void shouldGoOnAfterWhatIsNoRequest() throws Exception {
        try (var client = new Client()) {
            assertTrue(client.ask("{\"command\":").startsWith("{\"error\":\"not a JSON object"));
            assertTrue(client.ask("[1, 2]").startsWith("{\"error\":\"not a JSON object"));
            assertTrue(client.ask("").startsWith("{\"error\":\"not a JSON object"));
            assertEquals("{\"error\":\"the request names no \\\"command\\\"\"}", client.ask("{\"do\":\"echo\"}"));
            assertTrue(client.ask("{\"command\":\"echo\",\"arguments\":7}").contains("must be a JSON object"));
            assertEquals("{\"result\":{}}", client.ask("{\"command\":\"echo\"}"));
        }
    }

    @Test
    void shouldTellRefusalsAndHideFaults() throws Exception {
        try (var client = new Client()) {
            assertEquals("{\"error\":\"there is no user bob\"}", client.ask("{\"command\":\"refuse\"}"));
            String fault = client.ask("{\"command\":\"break\"}");
            assertTrue(fault.contains("IllegalStateException"));
            assertFalse(fault.contains("hunter2"));
            assertTrue(client.ask("{\"command\":\"nothing\"}").contains("nobody answers 'nothing'"));
        }
    }

    @Test
    void shouldTakeUpACommandThatAppearsLater() throws Exception {
        try (var client = new Client()) {
            assertTrue(client.ask("{\"command\":\"late\"}").startsWith("{\"error\""));
            add("late", (arguments, reply) -> "here");
            assertEquals("{\"result\":\"here\"}", client.ask("{\"command\":\"late\"}"));
        }
    }

    @Test
    void shouldInterruptAStreamWhenItsReaderLeaves() throws Exception {
        try (var client = new Client()) {
            assertEquals("{\"part\":{\"n\":1}}", client.ask("{\"command\":\"follow\"}"));
            assertEquals("{\"part\":{\"n\":2}}", client.receive());
            assertTrue(waiting.await(SOON.toSeconds(), TimeUnit.SECONDS));
        }
        assertTrue(interrupted.await(SOON.toSeconds(), TimeUnit.SECONDS));
    }

    @Test
    void shouldAnswerAClientThatClosedItsHalf() throws Exception {
        try (var client = new Client()) {
            client.send("{\"command\":\"echo\"}");
            client.channel.shutdownOutput();
            assertEquals("{\"result\":{}}", client.receive());
        }
    }

    @Test
    void shouldCloseOnALineWithoutEnd() throws Exception {
        try (var client = new Client()) {
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 64; i++) {
                    client.out.write(new byte[1 << 16]);
                }
                if (client.in.readLine() == null) {
                    throw new IOException("closed");
                }
            });
        }
    }

    @Test
    void shouldBeForItsOwnerOnlyAndReplaceAStaleSocket() throws Exception {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
        socket.close();
        assertFalse(Files.exists(path()));
        Files.createFile(path());
        socket = new ControlSocket(path(), new CommandTable(() -> commands));
        try (var client = new Client()) {
            assertEquals("{\"result\":{}}", client.ask("{\"command\":\"echo\"}"));
        }
    }

    @Test
    void shouldLetARunningCommandAnswerBeforeItCloses() throws Exception {
        try (var client = new Client()) {
            client.send("{\"command\":\"wait\"}");
            assertTrue(waiting.await(SOON.toSeconds(), TimeUnit.SECONDS));
            var closing = Thread.ofVirtual().start(socket::close);
            release.countDown();
            assertEquals("{\"result\":true}", client.receive());
            closing.join();
        }
    }

    @Test
    void shouldHandHttpToTheConsole() throws Exception {
        Path console = path().resolveSibling("web.sock");
        try (var server = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(console));
            var served = new java.util.concurrent.CompletableFuture<String>();
            Thread.ofVirtual().start(() -> {
                try (SocketChannel taken = server.accept()) {
                    var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(taken), UTF_8));
                    served.complete(in.readLine());
                    Channels.newOutputStream(taken).write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(UTF_8));
                } catch (IOException e) {
                    served.completeExceptionally(e);
                }
            });
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
                Channels.newOutputStream(client).write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
                var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(client), UTF_8));
                assertEquals("HTTP/1.1 204 No Content", in.readLine());
                assertEquals("GET / HTTP/1.1", served.get(SOON.toSeconds(), TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void shouldSayThatNoConsoleRuns() throws Exception {
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
            Channels.newOutputStream(client).write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
            var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(client), UTF_8));
            assertEquals("HTTP/1.1 503 Service Unavailable", in.readLine());
        }
    }
}
