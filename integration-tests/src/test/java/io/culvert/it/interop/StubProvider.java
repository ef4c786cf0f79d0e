package io.culvert.it.interop;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An OpenID Connect provider at which alice is logged in already, as a program of its own: its address lies in another
 * namespace than the tests. What a good provider does is tested with the module, against one from a library.
 */
final class StubProvider {
    private final String issuer;
    private final KeyPair key;
    private final Map<String, String> nonces = new ConcurrentHashMap<>();

    private StubProvider(String issuer) throws GeneralSecurityException {
        this.issuer = issuer;
        var generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        key = generator.generateKeyPair();
    }

    /** @param arguments address and port */
    public static void main(String[] arguments) throws Exception {
        var address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        var provider = new StubProvider("http://" + arguments[0] + ":" + arguments[1]);
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/.well-known/openid-configuration", exchange -> json(exchange, provider.metadata()));
        server.createContext("/keys", exchange -> json(exchange, provider.keys()));
        server.createContext("/authorize", provider::authorize);
        server.createContext("/token", provider::token);
        server.start();
        System.out.println("provider is there");
    }

    private Map<String, Object> metadata() {
        return Map.of(
                "issuer", issuer,
                "authorization_endpoint", issuer + "/authorize",
                "token_endpoint", issuer + "/token",
                "jwks_uri", issuer + "/keys",
                "response_types_supported", List.of("code"),
                "subject_types_supported", List.of("public"),
                "id_token_signing_alg_values_supported", List.of("RS256"));
    }

    private Map<String, Object> keys() {
        var modulus = (RSAPublicKey) key.getPublic();
        return Map.of("keys", List.of(Map.of(
                "kty", "RSA", "kid", "1", "use", "sig", "alg", "RS256",
                "n", number(modulus.getModulus()), "e", number(modulus.getPublicExponent()))));
    }

    private static String number(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int sign = bytes[0] == 0 ? 1 : 0;
        return base64(Arrays.copyOfRange(bytes, sign, bytes.length));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static Map<String, String> parameters(String text) {
        var parameters = new HashMap<String, String>();
        for (String pair : text.split("&")) {
            String[] parts = pair.split("=", 2);
            parameters.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
        return parameters;
    }

    private void authorize(HttpExchange exchange) throws IOException {
        var asked = parameters(exchange.getRequestURI().getRawQuery());
        String code = "code" + nonces.size();
        nonces.put(code, asked.get("nonce"));
        exchange.getResponseHeaders()
                .set("Location", asked.get("redirect_uri") + "?code=" + code + "&state=" + asked.get("state"));
        exchange.sendResponseHeaders(302, -1);
        exchange.close();
    }

    private void token(HttpExchange exchange) throws IOException {
        var asked = parameters(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        long now = Instant.now().getEpochSecond();
        String claims = part(Map.of(
                "iss", issuer, "aud", "culvert", "sub", "1", "iat", now, "exp", now + 300,
                "nonce", nonces.remove(asked.get("code")), "preferred_username", "alice"));
        String signed = part(Map.of("alg", "RS256", "kid", "1")) + "." + claims;
        try {
            var signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            json(exchange, Map.of(
                    "access_token", "a", "token_type", "Bearer", "id_token", signed + "." + base64(signature.sign())));
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static String part(Map<String, Object> values) throws IOException {
        return base64(JSON.std.asString(values).getBytes(StandardCharsets.UTF_8));
    }

    private static void json(HttpExchange exchange, Object value) throws IOException {
        byte[] body = JSON.std.asString(value).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
