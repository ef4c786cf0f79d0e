package io.culvert.testsupport;

import io.culvert.api.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A real slapd on loopback, with configuration, ports and database of its own, for the domain {@code dc=example,dc=org}.
 * The service account {@link #SERVICE_DN} may see all. Speaks LDAP with StartTLS, and LDAPS, as {@code localhost}.
 */
public final class SlapdServer implements AutoCloseable {
    public static final String SERVICE_DN = "cn=service,dc=example,dc=org";
    public static final String SERVICE_PASSWORD = "service-secret";

    private static final Path PROGRAM = Path.of("/usr/sbin/slapd");
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    public final int port = freePort();
    public final int tlsPort = freePort();
    private final Path directory;
    private final List<String> runner;
    private @Nullable Process process;

    private SlapdServer(Path directory, List<String> runner) {
        this.directory = directory;
        this.runner = runner;
    }

    /** Whether Debian's package slapd is there. */
    public static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    /** @param ldif the entries below {@code dc=example,dc=org}; that one and the service account are there already */
    public static SlapdServer start(Path directory, String ldif) throws IOException, InterruptedException {
        return start(directory, ldif, List.of());
    }

    /** @param runner the command that runs it, such as {@code ip netns exec NAME} */
    public static SlapdServer start(Path directory, String ldif, List<String> runner)
            throws IOException, InterruptedException {
        var server = new SlapdServer(directory, runner);
        Files.createDirectories(directory.resolve("data"));
        var authority = new TestAuthority("Directory");
        Files.writeString(server.authority(), pem("CERTIFICATE", encoded(authority.certificate())));
        // GnuTLS does not read an EC key as Java writes it.
        TlsPolicy.Identity identity = authority.rsaServer("localhost");
        Files.writeString(
                directory.resolve("server.pem"),
                pem("CERTIFICATE", encoded(identity.chain().getFirst())));
        Files.writeString(directory.resolve("server.key"), pem("PRIVATE KEY", identity.key().getEncoded()));
        Files.writeString(directory.resolve("slapd.conf"), """
                include /etc/ldap/schema/core.schema
                include /etc/ldap/schema/cosine.schema
                include /etc/ldap/schema/inetorgperson.schema
                modulepath /usr/lib/ldap
                moduleload back_mdb
                pidfile %1$s/pid
                TLSCACertificateFile %1$s/authority.pem
                TLSCertificateFile %1$s/server.pem
                TLSCertificateKeyFile %1$s/server.key
                database mdb
                maxsize 16777216
                suffix "dc=example,dc=org"
                directory %1$s/data
                access to attrs=userPassword by anonymous auth by * none
                access to * by dn.exact="%2$s" read by self read by * none
                """.formatted(directory, SERVICE_DN));
        Files.writeString(directory.resolve("entries.ldif"), """
                dn: dc=example,dc=org
                objectClass: dcObject
                objectClass: organization
                dc: example
                o: Example

                dn: %s
                objectClass: person
                cn: service
                sn: service
                userPassword: %s

                %s
                """.formatted(SERVICE_DN, SERVICE_PASSWORD, ldif));
        Process add = new ProcessBuilder(
                        "/usr/sbin/slapadd", "-f", directory.resolve("slapd.conf").toString(), "-l",
                        directory.resolve("entries.ldif").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("slapadd.log").toFile())
                .start();
        if (add.waitFor() != 0) {
            throw new IOException("slapadd: " + Files.readString(directory.resolve("slapadd.log")));
        }
        server.start();
        return server;
    }

    /** Starts it again where it was, with what it had. */
    public void start() throws IOException {
        Path pid = directory.resolve("pid");
        Files.deleteIfExists(pid);
        var command = new ArrayList<>(runner);
        command.addAll(List.of(
                PROGRAM.toString(), "-d", "0", "-f", directory.resolve("slapd.conf").toString(), "-h",
                "ldap://127.0.0.1:" + port + " ldaps://127.0.0.1:" + tlsPort));
        Process slapd = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("slapd.log").toFile()))
                .start();
        process = slapd;
        Eventually.await(
                DEADLINE,
                () -> "slapd does not listen: see " + directory.resolve("slapd.log"),
                () -> Files.exists(pid) && listens(slapd, port) && listens(slapd, tlsPort));
    }

    /** Asks the process's own network namespace, which need not be ours: a line for each socket, state 0A is LISTEN. */
    private static boolean listens(Process process, int port) {
        var listener = Pattern.compile("^ *\\d+: 0100007F:%04X \\S+ 0A ".formatted(port), Pattern.MULTILINE);
        try {
            return listener.matcher(Files.readString(Path.of("/proc/" + process.pid() + "/net/tcp"))).find();
        } catch (IOException e) {
            return false;
        }
    }

    /** kill -9. */
    public void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
            process = null;
        }
    }

    /** The PEM file of who vouches for it. */
    public Path authority() {
        return directory.resolve("authority.pem");
    }

    private static byte[] encoded(java.security.cert.Certificate certificate) {
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

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
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
