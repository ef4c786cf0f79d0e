package io.culvert.testsupport;

import io.culvert.api.tls.TlsPolicy;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A real rsyslogd on loopback, with configuration, ports and files of its own. It takes syslog over UDP, TCP and TLS,
 * the last from clients with a certificate, and lines over a Unix socket and a TCP port of JSON lines.
 */
public final class RsyslogServer implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/rsyslogd");
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    public final int udpPort = freePort(true);
    public final int tcpPort = freePort(false);
    public final int tlsPort = freePort(false);
    public final int linesPort = freePort(false);

    private final Path directory;
    private final List<String> before;
    private @Nullable Process process;

    private RsyslogServer(Path directory, List<String> before) {
        this.directory = directory;
        this.before = List.copyOf(before);
    }

    /** Whether Debian's packages rsyslog and rsyslog-gnutls are there. */
    public static boolean isInstalled() {
        try (var libraries = Files.find(Path.of("/usr/lib"), 3, (p, a) -> p.endsWith("rsyslog/lmnsd_gtls.so"))) {
            return Files.isExecutable(PROGRAM) && libraries.findAny().isPresent();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Makes certificates and a client's identity in the directory as well: {@link #authority()}, {@link #clientChain()}
     * and {@link #clientKey()}. The server's is for {@code localhost}.
     */
    public static RsyslogServer start(Path directory) throws IOException {
        return start(directory, List.of());
    }

    /** @param before words in front of the program, which end in running it: {@code ip netns exec NAME} */
    public static RsyslogServer start(Path directory, List<String> before) throws IOException {
        var server = new RsyslogServer(directory, before);
        Files.createDirectories(directory);
        var authority = new TestAuthority("Logs");
        Files.writeString(server.authority(), pem("CERTIFICATE", encoded(authority.certificate())));
        // GnuTLS does not read an EC key as Java writes it.
        server.identity("server", authority.rsaServer("localhost"));
        server.identity("client", authority.client("appliance"));
        Files.writeString(server.file("rsyslog.conf"), server.configuration());
        server.start();
        return server;
    }

    private String configuration() {
        return """
                global(workDirectory="%1$s" maxMessageSize="64k"
                  defaultNetstreamDriverCAFile="%2$s"
                  defaultNetstreamDriverCertFile="%1$s/server.pem"
                  defaultNetstreamDriverKeyFile="%1$s/server.key")
                module(load="imudp")
                module(load="imtcp")
                module(load="imptcp")
                template(name="parts" type="string"
                  string="%%pri%%|%%timestamp:::date-rfc3339%%|%%hostname%%|%%app-name%%|%%procid%%|%%msgid%%|%%structured-data%%|%%msg%%\\n")
                template(name="raw" type="string" string="%%rawmsg%%\\n")
                ruleset(name="messages") { action(type="omfile" file="%1$s/messages" template="parts") }
                ruleset(name="lines") { action(type="omfile" file="%1$s/lines" template="raw") }
                input(type="imudp" address="127.0.0.1" port="%3$d" ruleset="messages")
                input(type="imtcp" address="127.0.0.1" port="%4$d" ruleset="messages")
                input(type="imtcp" address="127.0.0.1" port="%5$d" ruleset="messages"
                  streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"
                  permittedPeer="appliance")
                input(type="imptcp" address="127.0.0.1" port="%6$d" ruleset="lines" supportOctetCountedFraming="off")
                input(type="imptcp" path="%1$s/lines.sock" unlink="on" ruleset="lines" supportOctetCountedFraming="off")
                """
                .formatted(directory, authority(), udpPort, tcpPort, tlsPort, linesPort);
    }

    /** Starts it again where it was; what it had written stays. */
    public void start() throws IOException {
        var command = new ArrayList<>(before);
        command.addAll(List.of(
                PROGRAM.toString(), "-n", "-f", file("rsyslog.conf").toString(), "-i", file("pid").toString()));
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(file("rsyslogd.log").toFile()))
                .start();
        process = started;
        Path net = Path.of("/proc/" + started.pid() + "/net");
        Eventually.await(
                DEADLINE,
                () -> "rsyslogd does not listen: " + read(file("rsyslogd.log")),
                () -> listens(net.resolve("tcp"), List.of(tcpPort, tlsPort, linesPort))
                        && listens(net.resolve("udp"), List.of(udpPort)));
    }

    private static boolean listens(Path sockets, List<Integer> ports) throws IOException {
        String all = Files.readString(sockets).toUpperCase(Locale.ROOT);
        return ports.stream().allMatch(port -> all.contains(" 0100007F:%04X ".formatted(port)));
    }

    /** kill -9. */
    public void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
            process = null;
        }
    }

    public Path authority() {
        return file("authority.pem");
    }

    public Path clientChain() {
        return file("client.pem");
    }

    public Path clientKey() {
        return file("client.key");
    }

    public Path linesSocket() {
        return file("lines.sock");
    }

    /** Syslog messages as {@code PRI|TIME|HOST|APP|PROCID|MSGID|DATA|TEXT}. */
    public List<String> messages() {
        return read(file("messages"));
    }

    public List<String> lines() {
        return read(file("lines"));
    }

    private static List<String> read(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of("unreadable: " + e);
        }
    }

    private void identity(String name, TlsPolicy.Identity identity) throws IOException {
        var chain = new ArrayList<String>();
        for (var each : identity.chain()) {
            chain.add(pem("CERTIFICATE", encoded(each)));
        }
        Files.writeString(file(name + ".pem"), String.join("", chain));
        Files.writeString(file(name + ".key"), pem("PRIVATE KEY", identity.key().getEncoded()));
    }

    private static byte[] encoded(Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static String pem(String type, byte[] content) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    private static int freePort(boolean udp) {
        var loopback = InetAddress.getLoopbackAddress();
        try {
            if (udp) {
                try (var socket = new DatagramSocket(0, loopback)) {
                    return socket.getLocalPort();
                }
            }
            try (var socket = new ServerSocket(0, 1, loopback)) {
                return socket.getLocalPort();
            }
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            process = null;
        }
    }
}
