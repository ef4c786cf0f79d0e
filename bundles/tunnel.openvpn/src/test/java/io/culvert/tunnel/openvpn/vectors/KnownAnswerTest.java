package io.culvert.tunnel.openvpn.vectors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.TestPacket;
import io.culvert.tunnel.openvpn.control.KeySource;
import io.culvert.tunnel.openvpn.data.DataKeys;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.Digest;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsAuthWrap;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Known answers of single functions. */
class KnownAnswerTest {
    private static final Set<String> CHECKED = Set.of(
            "static-key-slices",
            "tls-crypt-unwrap",
            "tls-auth-sha256",
            "tls-crypt-v2-wkc",
            "dynamic-tls-crypt",
            "openvpn-prf",
            "key-method-2-client",
            "key-method-2-server",
            "data-v2-aes-256-gcm",
            "data-v2-chacha20-poly1305",
            "data-v1-aes-256-cbc-sha256",
            "data-v2-aes-256-cbc-sha256",
            "epoch-keys",
            "tls13-ekm",
            "auth-token");

    private static List<Json> answers(String name) {
        List<Json> answers = Vector.knownAnswers().stream()
                .filter(a -> a.text("name").equals(name))
                .toList();
        assertEquals(false, answers.isEmpty(), name);
        return answers;
    }

    private static Json answer(String name) {
        return answers(name).getFirst();
    }

    private static StaticKey key() {
        return new StaticKey(answer("static-key-slices").hex("key2"));
    }

    @Test
    void shouldCheckEveryKnownAnswer() {
        assertEquals(
                CHECKED, Vector.knownAnswers().stream().map(a -> a.text("name")).collect(Collectors.toSet()));
    }

    @Test
    void shouldSliceStaticKeys() {
        Json answer = answer("static-key-slices");
        Json toClient = answer.object("tls_crypt").object("server_to_client");
        Json toServer = answer.object("tls_crypt").object("client_to_server");
        assertArrayEquals(toClient.hex("Ke"), key().cipher(0, 32));
        assertArrayEquals(toClient.hex("Ka"), key().hmac(0, 32));
        assertArrayEquals(toServer.hex("Ke"), key().cipher(1, 32));
        assertArrayEquals(toServer.hex("Ka"), key().hmac(1, 32));
        Json auth = answer.object("tls_auth_sha256");
        assertArrayEquals(auth.hex("direction_0_server_to_client"), key().hmac(0, 32));
        assertArrayEquals(auth.hex("direction_1_client_to_server"), key().hmac(1, 32));
        assertArrayEquals(auth.hex("no_direction_both_ways"), key().hmac(0, 32));
    }

    @Test
    void shouldUnwrapTlsCrypt() {
        for (Json answer : answers("tls-crypt-unwrap")) {
            boolean toServer = answer.text("direction").equals("c2s");
            byte[] packet = answer.hex("packet");
            Unwrapped unwrapped = new TlsCryptWrap(key(), toServer).unwrap(packet);
            assertNotNull(unwrapped);
            assertEquals(answer.u64("session_id"), unwrapped.sessionId());
            assertEquals(answer.integer("replay_id"), unwrapped.replayId());
            assertEquals(answer.integer("replay_time"), unwrapped.replayTime());
            assertArrayEquals(answer.hex("plaintext"), unwrapped.rest());
            assertArrayEquals(answer.hex("auth_tag"), Arrays.copyOfRange(packet, 17, 49));
            assertArrayEquals(answer.hex("iv"), Arrays.copyOfRange(packet, 17, 33));
            assertArrayEquals(packet, rewrapped(new TlsCryptWrap(key(), !toServer), unwrapped));
        }
    }

    @Test
    void shouldUnwrapTlsAuth() throws GeneralSecurityException {
        for (Json answer : answers("tls-auth-sha256")) {
            boolean toServer = answer.text("direction").equals("c2s");
            byte[] packet = answer.hex("packet");
            Unwrapped unwrapped = TlsAuthWrap.directed(key(), Digest.SHA256, toServer).unwrap(packet);
            assertNotNull(unwrapped);
            assertEquals(answer.u64("session_id"), unwrapped.sessionId());
            assertEquals(answer.u64("replay"), unwrapped.replay());
            assertArrayEquals(answer.hex("rest"), unwrapped.rest());
            assertArrayEquals(answer.hex("hmac_key"), key().hmac(toServer ? 1 : 0, 32));
            assertArrayEquals(answer.hex("hmac"), hmac(answer.hex("hmac_key"), answer.hex("hmac_input")));
            assertArrayEquals(answer.hex("hmac"), Arrays.copyOfRange(packet, 9, 41));
            assertArrayEquals(packet, rewrapped(TlsAuthWrap.directed(key(), Digest.SHA256, !toServer), unwrapped));
        }
    }

    private static byte[] rewrapped(ControlWrap sender, Unwrapped unwrapped) {
        return sender.wrap(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.replay(), unwrapped.rest());
    }

    @Test
    void shouldWrapAndUnwrapClientKeys() {
        Json answer = answer("tls-crypt-v2-wkc");
        byte[] wkc = answer.hex("wkc");
        byte[] serverBytes = answer.hex("server_key_file_bytes");
        assertArrayEquals(answer.hex("Ke"), Arrays.copyOf(serverBytes, 32));
        assertArrayEquals(answer.hex("Ka"), Arrays.copyOfRange(serverBytes, 64, 96));
        var server = new ServerWrapKey(serverBytes);
        ServerWrapKey.ClientKey client = server.unwrap(wkc);
        assertNotNull(client);
        assertArrayEquals(answer.hex("Kc"), client.key().bytes());
        assertArrayEquals(answer.hex("metadata"), client.metadata());
        assertArrayEquals(wkc, server.wrap(client.key(), client.metadata()));
        assertArrayEquals(answer.hex("tag"), Arrays.copyOf(wkc, 32));
        assertArrayEquals(answer.hex("iv"), Arrays.copyOf(wkc, 16));
        byte[] file = answer.hex("client_key_file_bytes");
        String text = new ClientWrapKey(client.key(), wkc).format();
        ClientWrapKey parsed = ClientWrapKey.parse(text);
        assertArrayEquals(Arrays.copyOf(file, StaticKey.LENGTH), parsed.key().bytes());
        assertArrayEquals(Arrays.copyOfRange(file, StaticKey.LENGTH, file.length), parsed.wrapped());
    }

    @Test
    void shouldMixTheBaseKeyIntoDynamicTlsCrypt() {
        Json answer = answer("dynamic-tls-crypt");
        StaticKey mixed = new StaticKey(answer.hex("wrap_key2")).xor(answer.hex("ekm_output"));
        assertArrayEquals(answer.hex("xor_key2"), mixed.bytes());
        byte[] packet = answer.hex("soft_reset_packet_s2c");
        Unwrapped unwrapped = new TlsCryptWrap(mixed, false).unwrap(packet);
        assertNotNull(unwrapped);
        assertArrayEquals(answer.hex("plaintext"), unwrapped.rest());
        assertArrayEquals(packet, rewrapped(new TlsCryptWrap(mixed, true), unwrapped));
    }

    @Test
    void shouldDeriveKeysFromRandoms() {
        Json answer = answer("openvpn-prf");
        assertArrayEquals(
                answer.hex("key2"),
                KeySource.key2(
                        answer.hex("pre_master"),
                        answer.hex("client_random1"),
                        answer.hex("server_random1"),
                        answer.hex("client_random2"),
                        answer.hex("server_random2"),
                        answer.u64("client_sid"),
                        answer.u64("server_sid")));
    }

    @Test
    void shouldReadKeyMethod2() {
        Json client = answer("key-method-2-client");
        checkKeyMethod2(client, KeyMethod2.parseClient(client.hex("message")), client.object("parsed").hex("pre_master"));
        Json server = answer("key-method-2-server");
        checkKeyMethod2(server, KeyMethod2.parseServer(server.hex("message")), new byte[0]);
    }

    private static void checkKeyMethod2(Json answer, KeyMethod2 message, byte[] preMaster) {
        assertNotNull(message);
        Json parsed = answer.object("parsed");
        assertArrayEquals(preMaster, message.preMaster());
        assertArrayEquals(parsed.hex("random1"), message.random1());
        assertArrayEquals(parsed.hex("random2"), message.random2());
        assertEquals(parsed.text("options"), message.options());
        assertEquals("", parsed.text("username"));
        assertNull(message.username());
        assertEquals("", parsed.text("password"));
        assertNull(message.password());
        assertEquals(parsed.text("peer_info"), message.peerInfo());
        assertArrayEquals(answer.hex("message"), message.encode());
    }

    @Test
    void shouldOpenAndSealAeadDataPackets() {
        checkAead(answer("data-v2-aes-256-gcm"), DataCipher.AES_256_GCM);
        checkAead(answer("data-v2-chacha20-poly1305"), DataCipher.CHACHA20_POLY1305);
    }

    private static void checkAead(Json answer, DataCipher cipher) {
        byte[] packet = answer.hex("packet");
        byte[] nonce = answer.hex("nonce");
        // Both directions with the one key that is known.
        byte[] key2 = new byte[DataKeys.KEY2_BYTES];
        for (int half = 0; half < key2.length; half += 128) {
            System.arraycopy(answer.hex("key"), 0, key2, half, cipher.keyBytes());
            System.arraycopy(nonce, 4, key2, half + 64, 8);
        }
        assertArrayEquals(answer.hex("aad"), Arrays.copyOf(packet, 8));
        assertArrayEquals(answer.hex("tag"), Arrays.copyOfRange(packet, 8, 24));
        assertArrayEquals(answer.hex("ciphertext"), Arrays.copyOfRange(packet, 24, packet.length));
        var crypto = new JceCipherProvider();
        var receiver = new KeySlot(0, cipher, crypto, key2, true, 0);
        TestPacket opened = TestPacket.exactly(packet);
        assertNull(receiver.open(opened));
        assertArrayEquals(answer.hex("plaintext"), opened.bytes());
        assertEquals(ByteBuffer.wrap(nonce).getInt(), receiver.highestReceived());
        var sender = new KeySlot(0, cipher, crypto, key2, false, 0);
        sender.reserved(2);
        TestPacket sealed = TestPacket.of(answer.hex("plaintext"));
        sender.seal(sealed, true, 0);
        assertArrayEquals(packet, sealed.bytes());
    }

    @Test
    void shouldKnowTheCbcFormatThatItRefuses() throws GeneralSecurityException {
        for (String name : List.of("data-v1-aes-256-cbc-sha256", "data-v2-aes-256-cbc-sha256")) {
            Json answer = answer(name);
            var codec = new CbcCodec(answer.hex("cipher_key"), answer.hex("hmac_key"));
            CbcCodec.Opened opened = codec.open(answer.hex("packet"));
            assertEquals(name.contains("v1") ? Opcode.DATA_V1 : Opcode.DATA_V2, Opcode.of(opened.head()[0]));
            assertEquals(answer.integer("packet_id"), opened.packetId());
            assertArrayEquals(answer.hex("iv"), opened.iv());
            assertArrayEquals(answer.hex("plaintext"), opened.text());
            assertArrayEquals(answer.hex("packet"), codec.seal(opened));
            assertArrayEquals(answer.hex("hmac"), hmac(answer.hex("hmac_key"), answer.hex("hmac_input")));
        }
    }

    @Test
    void shouldKnowTheEpochFormatThatItRefuses() throws GeneralSecurityException {
        Json answer = answer("epoch-keys");
        var codec = new EpochCodec("AES-256-GCM", answer.hex("E1"));
        for (Json epoch : answer.list("epochs")) {
            EpochCodec.Keys keys = codec.keys(epoch.integer("n"));
            assertArrayEquals(epoch.hex("E"), keys.secret());
            assertArrayEquals(epoch.hex("key"), keys.key());
            assertArrayEquals(epoch.hex("iv"), keys.iv());
        }
        EpochCodec.Opened opened = codec.open(answer.hex("packet"));
        assertArrayEquals(answer.hex("aad"), opened.head());
        assertArrayEquals(answer.hex("nonce"), EpochCodec.nonce(opened.head(), codec.keys(1).iv()));
        assertArrayEquals(answer.hex("plaintext"), opened.text());
        assertArrayEquals(answer.hex("packet"), codec.seal(opened));
    }

    /** RFC 8446 section 7.5: the exporter behind the labels that the product asks its TLS provider for. */
    @Test
    void shouldKnowWhatTlsExportsForTheDataKeys() throws GeneralSecurityException {
        Json answer = answer("tls13-ekm");
        assertEquals("sha384", answer.text("hash"));
        byte[] empty = MessageDigest.getInstance("SHA-384").digest();
        byte[] secret = ExpandLabel.of(
                "HmacSHA384", answer.hex("exporter_secret"), "tls13 " + answer.text("label"), empty, 48);
        byte[] output = ExpandLabel.of("HmacSHA384", secret, "tls13 exporter", empty, answer.integer("length"));
        assertArrayEquals(answer.hex("output"), output);
    }

    @Test
    void shouldKnowTheAuthTokensOfStockServers() throws GeneralSecurityException {
        Json answer = answer("auth-token");
        byte[] token = Base64.getDecoder().decode(answer.text("token").substring("SESS_ID_AT_".length()));
        byte[] signed = Arrays.copyOf(token, 28);
        ByteBuffer times = ByteBuffer.wrap(signed, 12, 16);
        assertArrayEquals(answer.hex("session_id"), Arrays.copyOf(token, 12));
        assertEquals(answer.number("initial_timestamp"), times.getLong());
        assertEquals(answer.number("timestamp"), times.getLong());
        assertArrayEquals(answer.hex("hmac_key"), Arrays.copyOfRange(answer.hex("server_key_file_bytes"), 64, 96));
        byte[] hmac = hmac(
                answer.hex("hmac_key"), answer.text("username").getBytes(StandardCharsets.UTF_8), signed);
        assertArrayEquals(answer.hex("hmac"), hmac);
        assertArrayEquals(hmac, Arrays.copyOfRange(token, 28, 60));
    }

    private static byte[] hmac(byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }
}
