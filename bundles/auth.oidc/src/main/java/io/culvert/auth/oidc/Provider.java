package io.culvert.auth.oidc;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthenticationMethod;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * The OpenID Connect provider. What it says of itself is asked when it is needed and kept for an hour; its keys are
 * asked again when a token is signed by one that is not known. Called by any thread that may block.
 */
final class Provider {
    private static final long METADATA_NS = Duration.ofHours(1).toNanos();
    private static final long KEYS_MS = Duration.ofMinutes(15).toMillis();
    /** Only who has just got a code from the provider makes us ask for keys, so a short pause is enough. */
    private static final long KEYS_PAUSE_MS = 500;

    private static final int LARGEST_ANSWER = 1 << 20;

    private final OidcConfig config;
    private final @Nullable SSLSocketFactory sockets;
    private final LongSupplier nanoTime;
    private @Nullable Known known;

    /** What a login needs of the provider. */
    private record Known(OIDCProviderMetadata metadata, IdTokens tokens, long sinceNs) {}

    /** What makes one login its own. */
    record Secrets(State state, Nonce nonce, CodeVerifier verifier) {
        static Secrets fresh() {
            return new Secrets(new State(32), new Nonce(32), new CodeVerifier());
        }

        @Override
        public String toString() {
            return "Secrets[redacted]";
        }
    }

    /** @param sockets null for those of the JVM */
    Provider(OidcConfig config, @Nullable SSLSocketFactory sockets, LongSupplier nanoTime) {
        this.config = config;
        this.sockets = sockets;
        this.nanoTime = nanoTime;
    }

    /** Makes sure that there is one. */
    void check() throws ProviderException {
        known();
    }

    private synchronized Known known() throws ProviderException {
        Known before = known;
        if (before != null && nanoTime.getAsLong() - before.sinceNs() < METADATA_NS) {
            return before;
        }
        try {
            OIDCProviderMetadata metadata =
                    OIDCProviderMetadata.resolve(new Issuer(config.issuer()), this::prepare);
            var fresh = new Known(
                    metadata,
                    new IdTokens(config.issuer().toString(), config.clientId(), keys(metadata)),
                    nanoTime.getAsLong());
            known = fresh;
            return fresh;
        } catch (GeneralException | IOException e) {
            if (before != null) {
                return before;
            }
            throw new ProviderException("the provider " + config.issuer() + " does not tell of itself: " + e.getMessage());
        }
    }

    private JWKSource<SecurityContext> keys(OIDCProviderMetadata metadata) throws MalformedURLException {
        int millis = (int) config.providerTimeout().toMillis();
        return JWKSourceBuilder.create(
                        metadata.getJWKSetURI().toURL(),
                        new DefaultResourceRetriever(millis, millis, LARGEST_ANSWER, true, sockets))
                .cache(KEYS_MS, 2L * millis)
                // The others keep threads.
                .refreshAheadCache(false)
                .rateLimited(KEYS_PAUSE_MS)
                .retrying(true)
                .build();
    }

    private void prepare(HTTPRequest request) {
        int millis = (int) config.providerTimeout().toMillis();
        request.setConnectTimeout(millis);
        request.setReadTimeout(millis);
        if (sockets != null) {
            request.setSSLSocketFactory(sockets);
        }
    }

    /** Where the user logs in. */
    URI loginPage(Secrets secrets) throws ProviderException {
        return new AuthenticationRequest.Builder(
                        new ResponseType(ResponseType.Value.CODE),
                        new Scope(config.scopes().toArray(String[]::new)),
                        new ClientID(config.clientId()),
                        config.callback())
                .endpointURI(known().metadata().getAuthorizationEndpointURI())
                .state(secrets.state())
                .nonce(secrets.nonce())
                .codeChallenge(secrets.verifier(), CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    /** Whether an answer that names {@code issuer} can be this provider's (RFC 9207). */
    boolean mayHaveAnswered(@Nullable String issuer) throws ProviderException {
        return issuer == null
                ? !known().metadata().supportsAuthorizationResponseIssuerParam()
                : issuer.equals(config.issuer().toString());
    }

    /** What the provider says of the user who brought {@code code}. */
    IDTokenClaimsSet claims(String code, Secrets secrets) throws ProviderException {
        Known provider = known();
        var grant = new AuthorizationCodeGrant(new AuthorizationCode(code), config.callback(), secrets.verifier());
        HTTPRequest request = request(provider.metadata(), grant).toHTTPRequest();
        prepare(request);
        request.setFollowRedirects(false);
        OIDCTokenResponse answer;
        try {
            TokenResponse response = OIDCTokenResponseParser.parse(request.send());
            if (!response.indicatesSuccess()) {
                throw new ProviderException("the provider refuses the code: "
                        + response.toErrorResponse().getErrorObject().getCode());
            }
            answer = (OIDCTokenResponse) response.toSuccessResponse();
        } catch (IOException | ParseException e) {
            throw new ProviderException("the provider does not take the code: " + e.getMessage());
        }
        if (answer.getOIDCTokens().getIDToken() == null) {
            throw new ProviderException("the provider gives no ID token");
        }
        return provider.tokens().check(answer.getOIDCTokens().getIDToken(), secrets.nonce());
    }

    private TokenRequest request(OIDCProviderMetadata metadata, AuthorizationCodeGrant grant) {
        URI endpoint = metadata.getTokenEndpointURI();
        var id = new ClientID(config.clientId());
        if (config.clientSecret().isEmpty()) {
            return new TokenRequest.Builder(endpoint, id, grant).build();
        }
        var secret = new Secret(config.clientSecret());
        List<ClientAuthenticationMethod> methods = metadata.getTokenEndpointAuthMethods();
        boolean post = methods != null
                && methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_POST)
                && !methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_BASIC);
        return new TokenRequest.Builder(
                        endpoint, post ? new ClientSecretPost(id, secret) : new ClientSecretBasic(id, secret), grant)
                .build();
    }
}
