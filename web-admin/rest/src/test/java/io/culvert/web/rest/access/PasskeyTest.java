package io.culvert.web.rest.access;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Role;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authenticator made by hand, as WebAuthn Level 2 sections 6.1 and 6.5 describe its messages. */
class PasskeyTest {
    private static final int USER_PRESENT = 0x01;
    private static final int USER_VERIFIED = 0x04;
    private static final int ATTESTED = 0x40;

    @TempDir
    Path home;

    private final byte[] id = HexFormat.of().parseHex("00112233445566778899aabbccddeeff");
    private Console console;
    private KeyPair key;
    private int count;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        key = generator.generateKeyPair();
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private byte[] client(String type, Object challenge) {
        return console.json.write(Map.of("type", type, "challenge", challenge, "origin",
                "https://localhost:" + console.server.port(), "crossOrigin", false));
    }

    private byte[] authenticatorData(int flags) throws Exception {
        return ByteBuffer.allocate(37)
                .put(MessageDigest.getInstance("SHA-256").digest("localhost".getBytes(UTF_8)))
                .put((byte) flags)
                .putInt(++count)
                .array();
    }

    private static byte[] coordinate(BigInteger number) {
        byte[] bytes = new byte[32];
        byte[] signed = number.toByteArray();
        int length = Math.min(32, signed.length);
        System.arraycopy(signed, signed.length - length, bytes, 32 - length, length);
        return bytes;
    }

    private Map<String, Object> registration(Object challenge) throws Exception {
        var point = ((ECPublicKey) key.getPublic()).getW();
        var data = new ByteArrayOutputStream();
        data.write(authenticatorData(USER_PRESENT | USER_VERIFIED | ATTESTED));
        data.write(new byte[16]);
        data.write(new byte[] {0, (byte) id.length});
        data.write(id);
        // A COSE key (RFC 9052): kty 2, alg -7, crv 1, x, y.
        data.write(HexFormat.of().parseHex("a5010203262001215820"));
        data.write(coordinate(point.getAffineX()));
        data.write(HexFormat.of().parseHex("225820"));
        data.write(coordinate(point.getAffineY()));
        var object = new ByteArrayOutputStream();
        object.write(0xa3);
        object.write(text("fmt"));
        object.write(text("none"));
        object.write(text("attStmt"));
        object.write(0xa0);
        object.write(text("authData"));
        object.write(new byte[] {0x58, (byte) data.size()});
        object.write(data.toByteArray());
        return credential(Map.of(
                "clientDataJSON", base64(client("webauthn.create", challenge)),
                "attestationObject", base64(object.toByteArray()),
                "transports", List.of("internal")));
    }

    private static byte[] text(String word) {
        byte[] bytes = word.getBytes(UTF_8);
        return ByteBuffer.allocate(bytes.length + 1).put((byte) (0x60 | bytes.length)).put(bytes).array();
    }

    private Map<String, Object> assertion(Object challenge, int flags) throws Exception {
        byte[] client = client("webauthn.get", challenge);
        byte[] data = authenticatorData(flags);
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key.getPrivate());
        signature.update(data);
        signature.update(MessageDigest.getInstance("SHA-256").digest(client));
        return credential(Map.of(
                "clientDataJSON", base64(client),
                "authenticatorData", base64(data),
                "signature", base64(signature.sign())));
    }

    private Map<String, Object> credential(Map<String, Object> response) {
        var credential = new LinkedHashMap<String, Object>();
        credential.put("id", base64(id));
        credential.put("rawId", base64(id));
        credential.put("type", "public-key");
        credential.put("response", response);
        credential.put("clientExtensionResults", Map.of());
        credential.put("authenticatorAttachment", "platform");
        return credential;
    }

    private void register() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", console.add("m.okafor", Role.ADMINISTRATOR));
        Object challenge = console.map(browser.post("/api/v1/me/passkeys/options", Map.of())).get("challenge");
        var added = browser.post("/api/v1/me/passkeys", Map.of("name", "Laptop", "credential", registration(challenge)));
        assertEquals(201, added.statusCode(), added.body());
    }

    private Object challenge() throws Exception {
        return console.map(console.browser().post("/api/v1/auth/passkey/options", Map.of())).get("challenge");
    }

    @Test
    void shouldLetInWithAPasskeyAlone() throws Exception {
        register();
        var browser = console.browser();
        var entered = browser.post("/api/v1/auth/passkey", assertion(challenge(), USER_PRESENT | USER_VERIFIED));
        assertEquals(200, entered.statusCode(), entered.body());
        assertEquals("m.okafor", console.map(browser.get("/api/v1/auth/session")).get("name"));
    }

    @Test
    void shouldTakeAnAnswerOnce() throws Exception {
        register();
        var answer = assertion(challenge(), USER_PRESENT | USER_VERIFIED);
        assertEquals(200, console.browser().post("/api/v1/auth/passkey", answer).statusCode());
        assertEquals(401, console.browser().post("/api/v1/auth/passkey", answer).statusCode());
    }

    @Test
    void shouldAskThePasskeyToVerifyItsUser() throws Exception {
        register();
        assertEquals(
                401, console.browser().post("/api/v1/auth/passkey", assertion(challenge(), USER_PRESENT)).statusCode());
    }

    @Test
    void shouldRefuseAChallengeThatItDidNotGive() throws Exception {
        register();
        var answer = assertion("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", USER_PRESENT | USER_VERIFIED);
        assertEquals(401, console.browser().post("/api/v1/auth/passkey", answer).statusCode());
    }

    @Test
    void shouldRefuseAnotherKeysSignature() throws Exception {
        register();
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        key = generator.generateKeyPair();
        assertEquals(
                401,
                console.browser()
                        .post("/api/v1/auth/passkey", assertion(challenge(), USER_PRESENT | USER_VERIFIED))
                        .statusCode());
    }

    @Test
    void shouldNameNoCredentialToStrangers() throws Exception {
        register();
        var options = console.map(console.browser().post("/api/v1/auth/passkey/options", Map.of("name", "m.okafor")));
        assertTrue(((List<?>) options.get("allowCredentials")).isEmpty());
        assertEquals("required", options.get("userVerification"));
    }
}
