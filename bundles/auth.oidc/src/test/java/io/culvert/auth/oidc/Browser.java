package io.culvert.auth.oidc;

import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Keeps cookies, follows redirects and presses the one button that there is. */
final class Browser implements AutoCloseable {
    private static final Pattern BUTTON =
            Pattern.compile("<form method=\"post\" action=\"([^\"]+)\"><input type=\"hidden\" name=\"login\" value=\"([^\"]+)\">");

    private final HttpClient client = HttpClient.newBuilder()
            .cookieHandler(new CookieManager())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    HttpResponse<String> get(String url) throws Exception {
        return client.send(HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build(), BodyHandlers.ofString());
    }

    /** Presses the button of the page. */
    HttpResponse<String> press(HttpResponse<String> page) throws Exception {
        Matcher button = BUTTON.matcher(page.body());
        if (!button.find()) {
            throw new AssertionError("no button: " + page.body());
        }
        var request = HttpRequest.newBuilder(page.uri().resolve(button.group(1)))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("login=" + button.group(2)))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    /** Opens the link that the VPN client was given, and logs in. */
    HttpResponse<String> logIn(String url) throws Exception {
        return press(get(url));
    }

    @Override
    public void close() {
        client.close();
    }
}
