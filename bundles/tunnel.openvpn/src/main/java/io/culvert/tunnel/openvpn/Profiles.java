package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.StaticChallenge;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tunnel.ProfileSource;
import io.culvert.api.tunnel.Transport;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Client profiles for one listener: a configuration that a stock client imports, with every key inline. */
final class Profiles implements ProfileSource {
    private final OpenVpnConfig config;
    private final WrapKeys wrapKeys;
    private final Supplier<@Nullable CertificateAuthority> authority;
    private final Supplier<@Nullable StaticChallenge> challenge;
    private final SecureRandom random;
    private final InstantSource clock;

    Profiles(
            OpenVpnConfig config,
            WrapKeys wrapKeys,
            Supplier<@Nullable CertificateAuthority> authority,
            Supplier<@Nullable StaticChallenge> challenge,
            SecureRandom random,
            InstantSource clock) {
        this.config = config;
        this.wrapKeys = wrapKeys;
        this.authority = authority;
        this.challenge = challenge;
        this.random = random;
        this.clock = clock;
    }

    @Override
    public String protocol() {
        return OpenVpnProtocol.NAME;
    }

    @Override
    public String instance() {
        return config.instance();
    }

    @Override
    public Transport transport() {
        return config.transport();
    }

    @Override
    public boolean isBridged() {
        return config.dev() == OpenVpnConfig.Dev.TAP;
    }

    @Override
    public boolean needsCertificate() {
        return config.login() != OpenVpnConfig.Login.PASSWORD;
    }

    @Override
    public String write(ProfileRequest request) {
        String host = request.host()
                .or(() -> config.remoteHost().isEmpty() ? java.util.Optional.empty() : java.util.Optional.of(config.remoteHost()))
                .orElseThrow(() -> new IllegalArgumentException(
                        "which host shall the client connect to? Give --remote HOST, or set remoteHost of "
                                + OpenVpnConfig.PID.substring("io.culvert.".length()) + " " + config.instance()));
        var text = new StringBuilder();
        text.append("# ").append(request.user()).append(", for ").append(host).append('\n');
        boolean udp = !config.transport().isStream();
        line(text, "client");
        line(text, "dev " + config.dev().type());
        line(text, "proto " + (udp ? "udp" : "tcp"));
        line(text, "remote " + host + " " + request.port().orElse(config.address().getPort()));
        line(text, "nobind");
        line(text, "resolv-retry infinite");
        line(text, "persist-tun");
        line(text, "remote-cert-tls server");
        line(text, "tls-version-min 1.2");
        line(text, "data-ciphers " + String.join(":", config.dataCiphers()));
        line(text, "auth-nocache");
        line(text, "verb 3");
        if (udp) {
            line(text, "explicit-exit-notify 1");
        }
        if (config.login().asksPassword()) {
            line(text, "auth-user-pass");
            StaticChallenge asked = challenge.get();
            if (asked != null) {
                line(text, "static-challenge \"" + asked.text().replaceAll("[\\p{Cntrl}\"\\\\]", " ") + "\" "
                        + (asked.echo() ? "1" : "0"));
            }
        }
        block(text, "ca", authorities());
        if (needsCertificate()) {
            TlsPolicy.Identity identity = request.identity()
                    .orElseThrow(() -> new IllegalArgumentException("a profile of this listener needs a certificate"))
                    .identity();
            block(text, "cert", pem(identity.chain()));
            block(text, "key", pem("PRIVATE KEY", identity.key().getEncoded()));
        }
        wrap(text);
        return text.toString();
    }

    private void wrap(StringBuilder text) {
        switch (wrapKeys) {
            case WrapKeys.Plain _ -> {}
            case WrapKeys.Shared shared when config.wrap() == OpenVpnConfig.Wrap.TLS_AUTH -> {
                line(text, "auth " + config.authDigest());
                line(text, "key-direction 1");
                block(text, "tls-auth", shared.baseKey().format());
            }
            case WrapKeys.Shared shared -> block(text, "tls-crypt", shared.baseKey().format());
            case WrapKeys.PerClient perClient -> {
                byte[] key = new byte[256];
                random.nextBytes(key);
                block(
                        text,
                        "tls-crypt-v2",
                        perClient.newClientKey(key, clock.instant().getEpochSecond()).format());
            }
        }
    }

    private String authorities() {
        CertificateAuthority now = authority.get();
        if (now == null) {
            throw new IllegalArgumentException("there is no certificate authority: start module pki");
        }
        try {
            return pem(now.authorities());
        } catch (io.culvert.api.pki.PkiException e) {
            throw new IllegalArgumentException("the certificate authority cannot answer: " + e.getMessage(), e);
        }
    }

    private static String pem(List<X509Certificate> chain) {
        var text = new StringBuilder();
        try {
            for (X509Certificate certificate : chain) {
                text.append(pem("CERTIFICATE", certificate.getEncoded()));
            }
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("a certificate that cannot be encoded", e);
        }
        return text.toString();
    }

    private static String pem(String label, byte[] content) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append('\n');
    }

    private static void block(StringBuilder text, String name, String content) {
        text.append('<').append(name).append(">\n").append(content).append("</").append(name).append(">\n");
    }
}
