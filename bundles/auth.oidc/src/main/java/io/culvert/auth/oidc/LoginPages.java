package io.culvert.auth.oidc;

import com.nimbusds.oauth2.sdk.util.URLUtils;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.culvert.api.auth.AuthDecision;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the browser sees. Steps: {@code GET /start?login=ID} asks who is about to log in, {@code POST /start} sends the
 * browser to the provider with a cookie, {@code GET /callback} takes it back and decides. Nothing that a browser sends
 * is shown or logged as it came.
 */
final class LoginPages implements HttpHandler {
    static final String START = "/start";
    static final String CALLBACK = "/callback";

    private static final Logger LOG = LoggerFactory.getLogger(LoginPages.class);
    private static final String COOKIE = "culvert-login";
    private static final int LARGEST_FORM = 4096;
    private static final String AGAIN = "Connect again with your VPN client.";

    private final OidcConfig config;
    private final Provider provider;
    private final Logins logins;
    private final Identity identity;
    private final String path;

    LoginPages(OidcConfig config, Provider provider, Logins logins, Identity identity) {
        this.config = config;
        this.provider = provider;
        this.logins = logins;
        this.identity = identity;
        this.path = config.publicUrl().getRawPath();
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String asked = exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath();
            if (asked.equals("GET " + path + START)) {
                onLink(exchange);
            } else if (asked.equals("POST " + path + START) && config.confirm()) {
                onYes(exchange);
            } else if (asked.equals("GET " + path + CALLBACK)) {
                onReturn(exchange);
            } else {
                page(exchange, HttpURLConnection.HTTP_NOT_FOUND, "Not found", AGAIN);
            }
        }
    }

    private static Map<String, List<String>> parameters(String text) {
        return URLUtils.parseParameters(text);
    }

    /** The parameter, if it is there once: of several nobody knows which one another reader takes. */
    private static String parameter(Map<String, List<String>> parameters, String name) {
        List<String> values = parameters.getOrDefault(name, List.of());
        return values.size() == 1 ? values.getFirst() : "";
    }

    private void onLink(HttpExchange exchange) throws IOException {
        String id = parameter(parameters(exchange.getRequestURI().getRawQuery()), "login");
        Optional<Logins.Login> login = logins.find(id);
        if (login.isEmpty()) {
            expired(exchange);
        } else if (config.confirm()) {
            page(exchange, HttpURLConnection.HTTP_OK, "VPN login", ask(login.get()));
        } else {
            send(exchange, login.get());
        }
    }

    private String ask(Logins.Login login) {
        return "Log in a VPN client as <b>" + escaped(login.user) + "</b>? It connects from <b>"
                + escaped(login.remote.getHostAddress()) + "</b>. If you have not just started it yourself, close this"
                + " window.<form method=\"post\" action=\"" + escaped(path + START) + "\"><input type=\"hidden\""
                + " name=\"login\" value=\"" + escaped(login.id) + "\"><button>Log in</button></form>";
    }

    private void onYes(HttpExchange exchange) throws IOException {
        byte[] form = exchange.getRequestBody().readNBytes(LARGEST_FORM);
        String id = parameter(parameters(new String(form, StandardCharsets.UTF_8)), "login");
        Optional<Logins.Login> login = logins.find(id);
        if (login.isEmpty()) {
            expired(exchange);
        } else {
            send(exchange, login.get());
        }
    }

    private void send(HttpExchange exchange, Logins.Login login) throws IOException {
        Logins.Sent sent = logins.send(login);
        String target;
        try {
            target = provider.loginPage(sent.secrets()).toString();
        } catch (ProviderException e) {
            LOG.warn("oidc user={}: {}", login.user, e.getMessage());
            page(exchange, HttpURLConnection.HTTP_UNAVAILABLE, "Not now", "The login service does not answer. Try again.");
            return;
        }
        boolean secure = "https".equals(config.publicUrl().getScheme());
        exchange.getResponseHeaders().add("Set-Cookie", COOKIE + "=" + sent.browser() + "; Path=" + path
                + "/; HttpOnly; SameSite=Lax; Max-Age=" + config.timeout().toSeconds() + (secure ? "; Secure" : ""));
        exchange.getResponseHeaders().add("Location", target);
        headers(exchange);
        exchange.sendResponseHeaders(HttpURLConnection.HTTP_SEE_OTHER, -1);
    }

    private void onReturn(HttpExchange exchange) throws IOException {
        Map<String, List<String>> parameters = parameters(exchange.getRequestURI().getRawQuery());
        Optional<Logins.Returned> returned = logins.take(parameter(parameters, "state"), cookie(exchange));
        if (returned.isEmpty()) {
            expired(exchange);
            return;
        }
        Logins.Login login = returned.get().login();
        AuthDecision decision = decide(login, returned.get().secrets(), parameters);
        login.answer.complete(decision);
        if (decision instanceof AuthDecision.Accepted) {
            page(exchange, HttpURLConnection.HTTP_OK, "You are logged in", "The VPN connects now; close this window.");
        } else {
            page(exchange, HttpURLConnection.HTTP_FORBIDDEN, "No access", "You were not let in. " + AGAIN);
        }
    }

    private AuthDecision decide(Logins.Login login, Provider.Secrets secrets, Map<String, List<String>> parameters) {
        String code = parameter(parameters, "code");
        try {
            if (!provider.mayHaveAnswered(parameters.containsKey("iss") ? parameter(parameters, "iss") : null)) {
                return refused(login, "another provider answered than the one that was asked");
            }
            if (code.isEmpty()) {
                // RFC 6749, 4.1.2.1: letters and underscores; the description is anybody's text.
                String error = parameter(parameters, "error").replaceAll("[^a-z_]", "");
                return refused(login, "the provider refuses: " + (error.isEmpty() ? "no reason given" : error));
            }
            return identity.decide(login.user, provider.claims(code, secrets));
        } catch (ProviderException e) {
            return refused(login, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.warn("oidc user={}: refused", login.user, e);
            return refused(login, "the provider's answer is malformed: " + e.getClass().getName());
        }
    }

    private static AuthDecision.Refused refused(Logins.Login login, String why) {
        return new AuthDecision.Refused("user " + login.user + ": " + why, Logins.PEER_TEXT);
    }

    private static String cookie(HttpExchange exchange) {
        for (String header : exchange.getRequestHeaders().getOrDefault("Cookie", List.of())) {
            for (String pair : header.split(";")) {
                if (pair.strip().startsWith(COOKIE + "=")) {
                    // RFC 6265, 4.1.1: a value may stand in quotes.
                    return pair.strip().substring(COOKIE.length() + 1).replace("\"", "");
                }
            }
        }
        return "";
    }

    private static void expired(HttpExchange exchange) throws IOException {
        page(exchange, HttpURLConnection.HTTP_GONE, "Too late", "This login is over or was never begun. " + AGAIN);
    }

    private static void headers(HttpExchange exchange) {
        var headers = exchange.getResponseHeaders();
        headers.set("Cache-Control", "no-store");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    }

    private static void page(HttpExchange exchange, int status, String title, String body) throws IOException {
        byte[] html = ("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\""
                        + " content=\"width=device-width\"><title>" + title + "</title><style>body{font:1.1em sans-serif;"
                        + "max-width:32em;margin:4em auto;padding:0 1em}button{font:inherit;margin-top:1.5em;padding:.5em"
                        + " 1.5em}</style></head><body><h1>" + title + "</h1><p>" + body + "</p></body></html>")
                .getBytes(StandardCharsets.UTF_8);
        headers(exchange);
        exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
        exchange.sendResponseHeaders(status, html.length);
        exchange.getResponseBody().write(html);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
