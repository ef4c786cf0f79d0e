package io.culvert.swap.repository;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.culvert.swap.trust.Trust;
import io.culvert.swap.trust.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModuleRepositoryTest {
    private static final byte[] JAR = "a jar".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private Path modules;
    private HttpServer server;
    private String address;
    private final CountDownLatch release = new CountDownLatch(1);
    private Verdict verdict = new Verdict.Trusted("a test", "00");
    private Download download = new Download(Duration.ofSeconds(20));

    private final Trust trust = new Trust() {
        @Override
        public Verdict verdict(Path jar) {
            return verdict;
        }

        @Override
        public Optional<String> refusal(Verdict said) {
            return said instanceof Verdict.Trusted ? Optional.empty() : Optional.of(said.line());
        }
    };

    @BeforeEach
    void makeRepository() throws Exception {
        modules = Files.createDirectory(directory.resolve("modules"));
        Files.write(modules.resolve("new.jar"), JAR);
        String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(JAR));
        index(resource("auth.totp", "1.0.0", "old.jar", sha256, "") + resource("auth.totp", "1.10.0", "new.jar", sha256, "")
                + resource("auth.totp", "2.0.0", "future.jar", sha256, "(osgi.ee=JavaSE 40)")
                + resource("log.syslog", "1.0.0", "gone.jar", sha256, "")
                + resource("log.socket", "1.0.0", "new.jar", "0".repeat(64), ""));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/modules/", exchange -> {
            Path file = directory.resolve(exchange.getRequestURI().getPath().substring(1));
            byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
            exchange.sendResponseHeaders(Files.exists(file) ? 200 : 404, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.createContext("/moved/", exchange -> {
            exchange.getResponseHeaders().add("Location", "/modules/index.jar");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        server.createContext("/endless/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] much = new byte[1 << 20];
            try (var out = exchange.getResponseBody()) {
                for (int i = 0; i < 64; i++) {
                    out.write(much);
                }
            }
        });
        server.createContext("/silent/", exchange -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        server.start();
        address = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        release.countDown();
        server.stop(0);
    }

    private static String resource(String id, String version, String url, String sha256, String needs) {
        String requirement = needs.isEmpty() ? "" : """
                <requirement namespace="osgi.ee"><directive name="filter" value="%s"/></requirement>
                """.formatted(needs);
        return """
                <resource>
                  <capability namespace="osgi.identity">
                    <attribute name="osgi.identity" value="io.culvert.%s"/>
                    <attribute name="version" type="Version" value="%s"/>
                  </capability>
                  <capability namespace="osgi.content">
                    <attribute name="osgi.content" value="%s"/>
                    <attribute name="url" value="%s"/>
                    <attribute name="size" type="Long" value="%d"/>
                  </capability>%s
                  <requirement namespace="osgi.service">
                    <directive name="filter" value="(objectClass=x)"/><directive name="effective" value="active"/>
                  </requirement>
                </resource>
                """.formatted(id, version, sha256, url, JAR.length, requirement);
    }

    private void index(String resources) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("index.xml"));
            zip.write(("<repository xmlns='http://www.osgi.org/xmlns/repository/v1.0.0'>" + resources + "</repository>")
                    .getBytes(StandardCharsets.UTF_8));
        }
        Files.write(modules.resolve("index.jar"), out.toByteArray());
    }

    private ModuleRepository open(String from) throws Exception {
        return ModuleRepository.open(from, directory.resolve("quarantine"), trust, download);
    }

    private void assertRefused(String part, String from) {
        var refusal = assertThrows(IOException.class, () -> open(from));
        assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }

    private static Optional<String> missing(Offer offer) {
        return offer.requirements().stream().map(Offer.Requirement::filter).findFirst();
    }

    @Test
    void shouldFetchTheNewestVersionThatResolvesFromAPathAndAnAddress() throws Exception {
        for (String from : new String[] {modules.toString(), modules.toUri().toString(), address + "/modules"}) {
            var repository = open(from);
            var offer = repository.newest("auth.totp", ModuleRepositoryTest::missing);
            assertEquals("1.10.0", offer.version().toString());
            Path jar = repository.fetch(offer);
            assertArrayEquals(JAR, Files.readAllBytes(jar));
            assertEquals("io.culvert.auth.totp-1.10.0.jar", jar.getFileName().toString());
        }
    }

    @Test
    void shouldRefuseAnIndexThatNobodyTrustedSigned() {
        verdict = new Verdict.Unsigned();
        assertRefused("not signed", modules.toString());
        verdict = new Verdict.UnknownKey("ab".repeat(32));
        assertRefused("ab".repeat(32), address + "/modules/");
        verdict = new Verdict.Wrong("the manifest was changed");
        assertRefused("manifest was changed", modules.toString());
    }

    @Test
    void shouldSayWhatIsWrongWithTheLocation() throws Exception {
        assertRefused("no such file", directory.resolve("elsewhere").toString());
        assertRefused("status 404", address + "/modules/sub");
        assertRefused("from https to https only", address + "/moved");
        assertRefused("neither a path nor", "ftp://127.0.0.1/modules");
        assertRefused("cannot be reached", address + "/endless");
        int port = server.getAddress().getPort();
        server.stop(0);
        assertRefused("nobody answers", "http://127.0.0.1:" + port + "/modules");
    }

    @Test
    void shouldGiveUpOnASilentServer() {
        download = new Download(Duration.ofMillis(200));
        assertRefused("took longer", address + "/silent");
    }

    @Test
    void shouldRefuseADamagedIndex() throws Exception {
        index("<resource>");
        assertRefused("damaged", modules.toString());
        index(resource("auth.totp", "no.version", "new.jar", "0".repeat(64), ""));
        assertRefused("damaged", modules.toString());
        Files.writeString(directory.resolve("secret"), "secret");
        Files.write(modules.resolve("index.jar"), new byte[10]);
        assertThrows(IOException.class, () -> open(modules.toString()));
    }

    @Test
    void shouldRefuseAJarThatIsNotTheIndexed() throws Exception {
        var repository = open(modules.toString());
        var other = repository.newest("log.socket", ModuleRepositoryTest::missing);
        var refusal = assertThrows(IOException.class, () -> repository.fetch(other));
        assertTrue(refusal.getMessage().contains("not what the index describes"), refusal.getMessage());
        var gone = repository.newest("log.syslog", ModuleRepositoryTest::missing);
        assertThrows(IOException.class, () -> repository.fetch(gone));
        Files.write(modules.resolve("new.jar"), new byte[100]);
        var longer = repository.newest("auth.totp", ModuleRepositoryTest::missing);
        refusal = assertThrows(IOException.class, () -> repository.fetch(longer));
        assertTrue(refusal.getMessage().contains("larger"), refusal.getMessage());
        try (var files = Files.list(directory.resolve("quarantine"))) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void shouldNameWhatIsNearAndWhatIsMissing() throws Exception {
        var repository = open(modules.toString());
        var refusal = assertThrows(IOException.class, () -> repository.newest("log.syslogd", ModuleRepositoryTest::missing));
        assertTrue(refusal.getMessage().contains("there is log.socket, log.syslog"), refusal.getMessage());
        refusal = assertThrows(IOException.class, () -> repository.newest("auth.totp", _ -> Optional.of("osgi.ee X")));
        assertTrue(refusal.getMessage().contains("auth.totp 2.0.0: does not resolve here, it needs osgi.ee X"), refusal.getMessage());
    }

    @Test
    void shouldNotReadThisHostsFilesForAServer() throws Exception {
        index(resource("auth.totp", "3.0.0", directory.resolve("secret").toUri().toString(), "0".repeat(64), ""));
        var repository = open(address + "/modules");
        var offer = repository.newest("auth.totp", ModuleRepositoryTest::missing);
        assertTrue(assertThrows(IOException.class, () -> repository.fetch(offer)).getMessage().contains("file of this host"));
    }
}
