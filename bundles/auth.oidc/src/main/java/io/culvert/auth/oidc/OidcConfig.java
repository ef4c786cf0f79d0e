package io.culvert.auth.oidc;

import io.culvert.api.config.ConfigException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;

/**
 * The settings, checked.
 *
 * @param clientSecret empty for a public client
 * @param publicUrl without a slash at its end
 * @param requiredGroup empty for none
 */
record OidcConfig(
        URI issuer,
        String clientId,
        String clientSecret,
        URI publicUrl,
        InetSocketAddress listen,
        String certificate,
        String key,
        String authority,
        List<String> scopes,
        String nameClaim,
        String groupsClaim,
        String requiredGroup,
        boolean confirm,
        Duration timeout,
        Duration providerTimeout,
        int maxLogins) {

    static OidcConfig of(AuthOidcSettings settings) {
        if (settings.clientId().isBlank()) {
            throw bad("clientId", "", "must be what the provider calls this appliance");
        }
        if (!List.of(settings.scopes()).contains("openid")) {
            throw bad("scopes", String.join(" ", settings.scopes()), "must contain openid");
        }
        if (settings.certificate().isEmpty() != settings.key().isEmpty()) {
            throw bad("key", settings.key(), "certificate and key go together: name both files or neither");
        }
        within("port", settings.port(), 1, 65535);
        within("timeout", settings.timeout(), 30, 600);
        within("providerTimeout", settings.providerTimeout(), 1, 60);
        within("maxLogins", settings.maxLogins(), 1, 100_000);
        URI publicUrl = url("publicUrl", settings.publicUrl().replaceAll("/+$", ""), settings.insecure());
        return new OidcConfig(
                url("issuer", settings.issuer(), settings.insecure()),
                settings.clientId(),
                settings.clientSecret(),
                publicUrl,
                new InetSocketAddress(address(settings.address()), settings.port()),
                settings.certificate(),
                settings.key(),
                settings.authority(),
                List.of(settings.scopes()),
                settings.nameClaim(),
                settings.groupsClaim(),
                settings.requiredGroup(),
                settings.confirm(),
                Duration.ofSeconds(settings.timeout()),
                Duration.ofSeconds(settings.providerTimeout()),
                settings.maxLogins());
    }

    private static URI url(String attribute, String value, boolean insecure) {
        String accepted = "must be a URL, https://HOST[:PORT][/PATH]";
        try {
            URI url = URI.create(value);
            boolean scheme = "https".equals(url.getScheme()) || insecure && "http".equals(url.getScheme());
            if (!scheme || url.getHost() == null || url.getQuery() != null || url.getFragment() != null) {
                throw bad(attribute, value, accepted);
            }
            return url;
        } catch (IllegalArgumentException _) {
            throw bad(attribute, value, accepted);
        }
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException _) {
            throw bad("address", text, "must be an address of this host");
        }
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw bad(attribute, value, "must be " + low + " to " + high);
        }
    }

    private static ConfigException bad(String attribute, Object value, String accepted) {
        return new ConfigException(AuthOidcComponent.PID, attribute, value, accepted);
    }

    URI callback() {
        return URI.create(publicUrl + LoginPages.CALLBACK);
    }

    String start(String login) {
        return publicUrl + LoginPages.START + "?login=" + login;
    }

    @Override
    public String toString() {
        return "OidcConfig[" + issuer + ", clientId=" + clientId + ", secret redacted]";
    }
}
