package io.culvert.auth.oidc;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.util.URLUtils;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A small provider that can also do what a good one never does. It checks PKCE and the client's secret. */
final class TamperingProvider implements AutoCloseable {
    final HttpServer server;
    final URI issuer;
    final AtomicInteger keyRequests = new AtomicInteger();
    volatile ECKey key = newKey("1");
    volatile List<ECKey> published = List.of(key);
    /** Changes the claims of each token. */
    volatile UnaryOperator<JWTClaimsSet.Builder> claims = builder -> builder;

    volatile String signature = "ES256";
    /** Of the redirect back, {@code CODE} and {@code STATE} filled in. */
    volatile String answer = "code=CODE&state=STATE";
    /** Receives each URL that a browser is sent back to. */
    volatile boolean holdsBack;

    volatile String lastReturn = "";
    private final Map<String, Map<String, List<String>>> requests = new ConcurrentHashMap<>();

    TamperingProvider() throws IOException {
        server = HttpServer.create(new InetSocketAddress(Appliance.LOOPBACK, 0), 0);
        issuer = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/.well-known/openid-configuration", exchange -> json(exchange, metadata()));
        server.createContext("/keys", exchange -> {
            keyRequests.incrementAndGet();
            json(exchange, new JWKSet(List.copyOf(published)).toString());
        });
        server.createContext("/authorize", this::authorize);
        server.createContext("/token", this::token);
        server.start();
    }

    static ECKey newKey(String id) {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
        } catch (com.nimbusds.jose.JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private String metadata() {
        return """
                {"issuer":"ISSUER","authorization_endpoint":"ISSUER/authorize","token_endpoint":"ISSUER/token",
                "jwks_uri":"ISSUER/keys","response_types_supported":["code"],"subject_types_supported":["public"],
                "id_token_signing_alg_values_supported":["ES256","HS256","none"]}""".replace("ISSUER", issuer.toString());
    }

    private void authorize(HttpExchange exchange) throws IOException {
        var asked = URLUtils.parseParameters(exchange.getRequestURI().getRawQuery());
        String code = "code" + requests.size();
        requests.put(code, asked);
        lastReturn = asked.get("redirect_uri").getFirst() + "?"
                + answer.replace("CODE", code).replace("STATE", asked.get("state").getFirst())
                        .replace("ISSUER", URLEncoder.encode(issuer.toString(), StandardCharsets.UTF_8));
        if (holdsBack) {
            json(exchange, "{}");
            return;
        }
        exchange.getResponseHeaders().set("Location", lastReturn);
        exchange.sendResponseHeaders(302, -1);
        exchange.close();
    }

    private void token(HttpExchange exchange) throws IOException {
        var asked = URLUtils.parseParameters(
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        var begun = requests.remove(asked.get("code").getFirst());
        try {
            String proof = Base64URL.encode(MessageDigest.getInstance("SHA-256")
                            .digest(asked.get("code_verifier").getFirst().getBytes(StandardCharsets.US_ASCII)))
                    .toString();
            String basic = exchange.getRequestHeaders().getFirst("Authorization");
            if (begun == null || !begun.get("code_challenge").getFirst().equals(proof)
                    || !begun.get("code_challenge_method").getFirst().equals("S256")
                    || !"Basic dnBuOnNlY3JldA==".equals(basic)) {
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                byte[] error = "{\"error\":\"invalid_grant\"}".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(400, error.length);
                exchange.getResponseBody().write(error);
                exchange.close();
                return;
            }
            json(exchange, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"id_token\":\""
                    + idToken(begun.get("nonce").getFirst()) + "\"}");
        } catch (java.security.GeneralSecurityException | com.nimbusds.jose.JOSEException e) {
            throw new IOException(e);
        }
    }

    private String idToken(String nonce) throws com.nimbusds.jose.JOSEException {
        Instant now = Instant.now();
        JWTClaimsSet set = claims.apply(new JWTClaimsSet.Builder()
                        .issuer(issuer.toString())
                        .subject("subject-1")
                        .audience("vpn")
                        .issueTime(Date.from(now))
                        .expirationTime(Date.from(now.plusSeconds(300)))
                        .claim("nonce", nonce)
                        .claim("preferred_username", "alice"))
                .build();
        if (signature.equals("none")) {
            return new PlainJWT(set).serialize();
        }
        SignedJWT token;
        if (signature.equals("HS256")) {
            // The mistake of old libraries: the public key, known to all, taken as a shared secret.
            token = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(), set);
            token.sign(new MACSigner(key.toECPublicKey().getEncoded()));
        } else {
            token = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(), set);
            token.sign(new ECDSASigner(key));
        }
        return token.serialize();
    }

    private static void json(HttpExchange exchange, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
