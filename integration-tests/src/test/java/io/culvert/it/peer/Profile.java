package io.culvert.it.peer;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.tunnel.openvpn.wire.Pem;
import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the peer needs of a stock profile with inline keys, UDP only.
 *
 * @param wrap in the client's direction
 * @param wrapBase its key, which keys for later negotiations are mixed with; all zero without one
 * @param wrapKey the client's own wrapped key, for tls-crypt-v2
 * @param ciphers as they are announced, joined by ':'
 */
record Profile(
        InetSocketAddress remote,
        TlsPolicy policy,
        ControlWrap wrap,
        StaticKey wrapBase,
        Optional<ClientWrapKey> wrapKey,
        String ciphers) {

    /** @throws IllegalArgumentException naming what the profile lacks */
    static Profile read(Path file) throws IOException {
        String text = Files.readString(file);
        var remote = Pattern.compile("(?m)^remote (\\S+) (\\d+)").matcher(text);
        if (!remote.find()) {
            throw new IllegalArgumentException(file + " names no 'remote HOST PORT'");
        }
        var ciphers = Pattern.compile("(?m)^data-ciphers (\\S+)").matcher(text);
        var own = block(text, "tls-crypt-v2").map(ClientWrapKey::parse);
        var base = own.map(ClientWrapKey::key).or(() -> block(text, "tls-crypt").map(StaticKey::parse));
        ControlWrap wrap = base.<ControlWrap>map(k -> new TlsCryptWrap(k, false)).orElseGet(PlainWrap::new);
        return new Profile(
                new InetSocketAddress(remote.group(1), Integer.parseInt(remote.group(2))),
                policy(text),
                wrap,
                base.orElseGet(() -> new StaticKey(new byte[StaticKey.LENGTH])),
                own,
                ciphers.find() ? ciphers.group(1) : "AES-256-GCM");
    }

    private static TlsPolicy policy(String text) {
        try {
            var identity = block(text, "key").isEmpty()
                    ? Optional.<TlsPolicy.Identity>empty()
                    : Optional.of(new TlsPolicy.Identity(
                            key(block(text, "key").orElseThrow()),
                            certificates(block(text, "cert").orElseThrow())));
            return new TlsPolicy(
                    identity,
                    certificates(block(text, "ca")
                            .orElseThrow(() -> new IllegalArgumentException("the profile has no inline <ca>"))),
                    TlsPolicy.PeerCertificate.REQUIRED,
                    TlsPolicy.Version.TLS_1_3,
                    TlsPolicy.Version.TLS_1_3,
                    List.of(),
                    List.of());
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the profile's certificates cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
                .stream()
                .map(X509Certificate.class::cast)
                .toList();
    }

    private static PrivateKey key(String pem) throws GeneralSecurityException {
        var encoded = new PKCS8EncodedKeySpec(Pem.decode(pem, "PRIVATE KEY"));
        for (String algorithm : List.of("EC", "RSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (java.security.spec.InvalidKeySpecException e) {
                // A key of another kind: the next one may read it.
            }
        }
        return KeyFactory.getInstance("Ed25519").generatePrivate(encoded);
    }

    private static Optional<String> block(String text, String name) {
        int from = text.indexOf("<" + name + ">\n");
        int to = text.indexOf("</" + name + ">", from);
        return from < 0 || to < 0 ? Optional.empty() : Optional.of(text.substring(from + name.length() + 3, to));
    }

    @Override
    public String toString() {
        return "Profile[" + remote + ", keys redacted]";
    }
}
