package io.culvert.it.lab;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.testsupport.TestAuthority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * Debian's openvpn as a server in a namespace, to compare with: a plain server.conf with topology subnet, P-256
 * certificates and tls-crypt-v2 as ours has by default, everything else left as the program has it.
 *
 * <p>The first address of its private network, which has 16 bits for clients, is its own.
 */
public final class OpenVpnServer implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(20);

    private final Lab lab;
    private final String label;
    private final String transport;
    private final int port;
    private final String network;
    private final TestAuthority authority = new TestAuthority("lab authority");
    private final Path wrapKey;
    private final Path configuration;
    private Proc process;

    private OpenVpnServer(Lab lab, String label, String transport, int port, String network, List<String> options) {
        this.lab = lab;
        this.label = label;
        this.transport = transport;
        this.port = port;
        this.network = network;
        this.wrapKey = lab.directory().resolve(label + "-server.key");
        lab.server.exec("openvpn", "--genkey", "tls-crypt-v2-server", wrapKey.toString()).ok();
        var text = new StringBuilder();
        text.append("port ").append(port).append('\n');
        text.append("proto ").append("udp".equals(transport) ? "udp" : "tcp-server").append('\n');
        text.append("dev ").append(label).append('\n');
        text.append("dev-type tun\n");
        text.append("topology subnet\n");
        text.append("server ").append(network).append(".0 255.255.0.0\n");
        text.append("dh none\n");
        text.append("tls-crypt-v2 ").append(wrapKey).append('\n');
        text.append("tls-version-min 1.2\n");
        text.append("data-ciphers AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305\n");
        text.append("keepalive 10 60\n");
        text.append("persist-key\npersist-tun\n");
        text.append("max-clients 20000\n");
        text.append("verb 3\n");
        text.append(block("ca", certificates(List.of(authority.certificate()))));
        text.append(identity(authority.server("server")));
        options.forEach(option -> text.append(option).append('\n'));
        configuration = write(label + "-server.conf", text.toString());
        process = serve();
    }

    private Proc serve() {
        var started = lab.server.start("openvpn-" + label, List.of("openvpn", "--config", configuration.toString()));
        started.await(OpenVpnClient.CONNECTED, READY);
        return started;
    }

    /** As a service manager does it: ends the process, and starts another one. */
    public void restart() {
        process.terminate(READY);
        process = serve();
    }

    /**
     * Starts a server, and waits until it serves.
     *
     * @param label its name, and its TUN device's
     * @param transport {@code udp} or {@code tcp}
     * @param network the first three numbers of a private network whose last 16 bits are its clients', such as
     *     {@code 10.9.0}
     * @param options further lines of its configuration
     */
    public static OpenVpnServer start(
            Lab lab, String label, String transport, int port, String network, String... options) {
        return lab.with(new OpenVpnServer(lab, label, transport, port, network, List.of(options)));
    }

    /** Its address inside the tunnel. */
    public String address() {
        return network + ".1";
    }

    public int port() {
        return port;
    }

    public Proc process() {
        return process;
    }

    /** A new user's profile, line by line like one that Culvert writes. */
    public String profile(String user, String remote) {
        var clientKey = lab.directory().resolve(label + "-" + user + ".key");
        lab.server.exec("openvpn", "--tls-crypt-v2", wrapKey.toString(), "--genkey", "tls-crypt-v2-client", clientKey.toString())
                .ok();
        try {
            return "client\ndev tun\nproto " + transport + "\nremote " + remote + " " + port
                    + "\nnobind\nresolv-retry infinite\npersist-tun\nremote-cert-tls server\ntls-version-min 1.2\n"
                    + "data-ciphers AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305\nauth-nocache\nverb 3\n"
                    + ("udp".equals(transport) ? "explicit-exit-notify 1\n" : "")
                    + block("ca", certificates(List.of(authority.certificate())))
                    + identity(authority.client(user))
                    + block("tls-crypt-v2", Files.readString(clientKey));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path write(String name, String text) {
        try {
            var file = lab.directory().resolve(name);
            Files.createFile(
                    file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String identity(TlsPolicy.Identity identity) {
        return block("cert", certificates(identity.chain()))
                + block("key", pem("PRIVATE KEY", identity.key().getEncoded()));
    }

    private static String certificates(List<java.security.cert.X509Certificate> chain) {
        var text = new StringBuilder();
        try {
            for (var certificate : chain) {
                text.append(pem("CERTIFICATE", certificate.getEncoded()));
            }
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
        return text.toString();
    }

    private static String pem(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
                + "\n-----END " + label + "-----\n";
    }

    private static String block(String name, String content) {
        return "<" + name + ">\n" + content + "</" + name + ">\n";
    }

    @Override
    public void close() {
        if (process.alive()) {
            process.terminate(Duration.ofSeconds(15));
        }
    }
}
