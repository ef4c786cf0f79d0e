package io.culvert.auth.oidc;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt.OpenUrl;
import io.culvert.api.auth.Credentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The bundle's classes as the component puts them together, on the loopback address. */
final class Appliance implements AutoCloseable {
    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    final Logins logins;
    final Listener listener;
    final OidcAuthenticator authenticator;
    final URI publicUrl;

    Appliance(URI issuer, String secret, String requiredGroup) throws IOException {
        this(issuer, secret, requiredGroup, freePort());
    }

    Appliance(URI issuer, String secret, String requiredGroup, int port) {
        publicUrl = URI.create("http://127.0.0.1:" + port + "/vpn");
        var config = new OidcConfig(
                issuer, "vpn", secret, publicUrl, new InetSocketAddress(LOOPBACK, port), "", "", "",
                List.of("openid", "profile"), "preferred_username", "groups", requiredGroup, true,
                Duration.ofSeconds(60), Duration.ofSeconds(15), 100);
        var provider = new Provider(config, null, System::nanoTime);
        logins = new Logins(config.maxLogins(), config.timeout(), System::nanoTime, new SecureRandom());
        var identity = new Identity(config.nameClaim(), config.groupsClaim(), config.requiredGroup());
        listener = new Listener(config.listen(), null, new LoginPages(config, provider, logins, identity));
        authenticator = new OidcAuthenticator(config, provider, listener, logins);
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, LOOPBACK)) {
            return socket.getLocalPort();
        }
    }

    static Credentials client(String user, String sso) {
        return new Credentials(
                "openvpn", user, new byte[] {'x'}, List.of(), new InetSocketAddress("192.0.2.7", 1194),
                sso.isEmpty() ? Map.of() : Map.of("IV_SSO", sso));
    }

    Pending begin(String user) throws Exception {
        return assertInstanceOf(Pending.class, authenticator.authenticate(client(user, "webauth,openurl,crtext")));
    }

    static String url(Pending pending) {
        return assertInstanceOf(OpenUrl.class, pending.prompt()).url();
    }

    static AuthDecision answer(Pending pending) throws Exception {
        return pending.answer().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** What becomes of a user who logs in in a browser of its own. */
    AuthDecision logIn(String user) throws Exception {
        Pending pending = begin(user);
        try (var browser = new Browser()) {
            browser.logIn(url(pending));
        }
        return answer(pending);
    }

    @Override
    public void close() {
        listener.close();
        logins.close();
    }
}
