package io.culvert.auth.radius;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real freeradius. */
@Timeout(60)
class RadiusAuthenticatorTest {
    private static final Accepted ALICE = new Accepted(Map.of("group", "staff", "address", "10.8.0.77"));

    @TempDir
    static Path directory;

    private static FreeRadiusServer server;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(FreeRadiusServer.isInstalled(), "freeradius is not installed");
        server = FreeRadiusServer.start(directory);
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    static RadiusConfig config(Map<String, Object> given) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "servers", new String[] {"127.0.0.1:" + server.port},
                "secret", FreeRadiusServer.SECRET,
                "answerSeconds", 1,
                "accountingPort", server.accountingPort));
        all.putAll(given);
        return RadiusConfig.of((AuthRadiusSettings) Proxy.newProxyInstance(
                AuthRadiusSettings.class.getClassLoader(),
                new Class<?>[] {AuthRadiusSettings.class},
                (proxy, method, arguments) -> all.getOrDefault(method.getName(), method.getDefaultValue())));
    }

    private static RadiusAuthenticator radius(Map<String, Object> given) {
        return new RadiusAuthenticator(config(given), new Classes());
    }

    private static AuthDecision login(RadiusAuthenticator radius, String user, String password) throws IOException {
        return radius.authenticate(new Credentials("openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), Map.of()));
    }

    private static String refusal(AuthDecision decision) {
        return assertInstanceOf(Refused.class, decision).logText();
    }

    @Test
    void shouldCheckPasswordsByPap() throws Exception {
        var radius = radius(Map.of());
        assertEquals(ALICE, login(radius, "alice", "wonderland"));
        assertEquals(new Accepted(Map.of()), login(radius, "bob", "builder"));
        assertTrue(refusal(login(radius, "alice", "wrong")).contains("was rejected"));
        refusal(login(radius, "nobody", "wonderland"));
        assertTrue(refusal(login(radius, "alice", "")).contains("no password"));
        refusal(login(radius, "alice", "a password of more than one block, to be hidden in several"));
    }

    @Test
    void shouldCheckPasswordsByMsChapV2() throws Exception {
        var radius = radius(Map.of("protocol", "mschapv2"));
        assertEquals(ALICE, login(radius, "alice", "wonderland"));
        refusal(login(radius, "alice", "wrong"));
        refusal(login(radius, "nobody", "wonderland"));
    }

    @Test
    void shouldPassTheServersQuestionOn() throws Exception {
        for (String answer : List.of("4711", "0815")) {
            var pending = assertInstanceOf(Pending.class, login(radius(Map.of()), "carol", "looking-glass"));
            var question = assertInstanceOf(Prompt.Question.class, pending.prompt());
            assertEquals("Your code?", question.text());
            assertTrue(question.echo());
            question.response().accept(answer.getBytes(StandardCharsets.UTF_8));
            AuthDecision decision = pending.answer().toCompletableFuture().get();
            assertEquals(answer.equals("4711"), decision instanceof Accepted, decision::toString);
        }
        refusal(login(radius(Map.of()), "carol", "wrong"));
    }

    @Test
    void shouldBelieveNobodyWithAnotherSecret() {
        assertThrows(
                IOException.class, () -> login(radius(Map.of("secret", "another", "tries", 1)), "alice", "wonderland"));
    }

    @Test
    void shouldAskTheNextServerAndShunTheSilentOne() throws Exception {
        try (var silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            var radius = radius(Map.of(
                    "servers", new String[] {"127.0.0.1:" + silent.getLocalPort(), "127.0.0.1:" + server.port},
                    "tries", 2));
            assertEquals(ALICE, login(radius, "alice", "wonderland"));
            byte[] first = received(silent);
            assertTrue(Arrays.equals(first, received(silent)), "the request is sent again as it was");
            long begun = System.nanoTime();
            assertEquals(ALICE, login(radius, "alice", "wonderland"));
            assertTrue(System.nanoTime() - begun < 900_000_000L, "the silent one is asked last for a while");
        }
    }

    private static byte[] received(DatagramSocket socket) throws IOException {
        var packet = new DatagramPacket(new byte[4096], 4096);
        socket.setSoTimeout(5000);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    @Test
    void shouldNotBelieveAnAnswerWithoutMessageAuthenticator() throws Exception {
        try (var forger = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            var thread = Thread.ofVirtual().start(() -> {
                try {
                    var packet = new DatagramPacket(new byte[4096], 4096);
                    forger.receive(packet);
                    byte[] accept = new byte[20];
                    accept[0] = RadiusPacket.ACCESS_ACCEPT;
                    accept[1] = packet.getData()[1];
                    accept[3] = 20;
                    System.arraycopy(packet.getData(), 4, accept, 4, 16);
                    MessageDigest md5 = MessageDigest.getInstance("MD5");
                    md5.update(accept);
                    md5.update(FreeRadiusServer.SECRET.getBytes(StandardCharsets.UTF_8));
                    System.arraycopy(md5.digest(), 0, accept, 4, 16);
                    forger.send(new DatagramPacket(accept, 20, packet.getSocketAddress()));
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            Map<String, Object> given =
                    Map.of("servers", new String[] {"127.0.0.1:" + forger.getLocalPort()}, "tries", 1);
            var e = assertThrows(IOException.class, () -> login(radius(given), "alice", "wonderland"));
            assertTrue(e.getMessage().contains("without a Message-Authenticator"), e::getMessage);
            thread.join();
        }
    }

    @Test
    void shouldGoOnWhenTheServerDiesAndComesBack() throws Exception {
        var radius = radius(Map.of("tries", 1));
        assertEquals(ALICE, login(radius, "alice", "wonderland"));
        server.kill();
        assertThrows(IOException.class, () -> login(radius, "alice", "wonderland"));
        server.start();
        assertEquals(ALICE, login(radius, "alice", "wonderland"));
    }

    @Test
    void shouldReadOnlyWhatIsWellFormed() {
        byte[] packet = new RadiusPacket(2, 7, new byte[16], List.of(RadiusPacket.Attribute.text(18, "hello"))).encode();
        assertEquals("hello", RadiusPacket.decode(packet, packet.length).orElseThrow().text(18));
        for (int length = 0; length < packet.length; length++) {
            assertTrue(RadiusPacket.decode(packet, length).isEmpty());
        }
        for (int size : new int[] {0, 1, 8, 255}) {
            byte[] broken = packet.clone();
            broken[21] = (byte) size;
            assertTrue(RadiusPacket.decode(broken, broken.length).isEmpty());
        }
    }

    @Test
    void shouldNameTheSettingThatIsWrong() {
        wrong("servers", Map.of("servers", new String[] {}));
        wrong("servers", Map.of("servers", new String[] {"a:b"}));
        wrong("servers", Map.of("servers", new String[] {"a:70000"}));
        wrong("secret", Map.of("secret", ""));
        wrong("secretFile", Map.of("secretFile", "/nowhere"));
        wrong("protocol", Map.of("protocol", "chap"));
        wrong("tries", Map.of("tries", 0));
        wrong("interimSeconds", Map.of("interimSeconds", 1));
    }

    private static void wrong(String attribute, Map<String, Object> given) {
        assertEquals(attribute, assertThrows(ConfigException.class, () -> config(given)).attribute());
    }
}
