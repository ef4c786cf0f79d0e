package io.culvert.testsupport;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;

/**
 * A client of TLS 1.3 (RFC 8446) that says whatever a test wants, well sealed: x25519 and TLS_AES_128_GCM_SHA256, no
 * certificate of its own and no look at the server's.
 */
final class HandmadeClient {
    private static final int HASH = 32;
    private static final int TAG = 16;
    private static final int RECORD_HEADER = 5;
    private static final int MESSAGE_HEADER = 4;
    /** Of a ServerHello: version, random, and the length of the session id. */
    private static final int SESSION_OFFSET = MESSAGE_HEADER + 2 + 32;

    private static final byte[] NOTHING = {};

    private final X25519PrivateKeyParameters key = new X25519PrivateKeyParameters(new SecureRandom());
    private final ByteArrayOutputStream transcript = new ByteArrayOutputStream();
    private final ClientHello hello =
            ClientHello.modern(ClientHello.X25519, key.generatePublicKey().getEncoded());
    private byte[] clientHandshakeSecret = NOTHING;
    private byte[] serverSecret = NOTHING;
    private byte[] clientSecret = NOTHING;
    private byte[] nextServerSecret = NOTHING;
    private byte[] nextClientSecret = NOTHING;
    private long sealed;
    private long opened;

    ClientHello hello() {
        return hello;
    }

    byte[] publicKey() {
        return key.generatePublicKey().getEncoded();
    }

    /** The whole handshake. */
    void connect(TlsEngine server) throws Exception {
        hear(server.step(hello.record(), List.of()).toPeer());
        byte[] rest = server.step(finished(), List.of()).toPeer();
        finish();
        read(rest);
    }

    /** Takes the server's flight, ServerHello to Finished. */
    void hear(byte[] flight) throws GeneralSecurityException {
        transcript.writeBytes(hello.message());
        var messages = new ByteArrayOutputStream();
        boolean protectedNow = false;
        for (ByteBuffer records = ByteBuffer.wrap(flight); records.hasRemaining(); ) {
            int at = records.position();
            int length = records.getShort(at + 3) & 0xffff;
            byte[] record = Arrays.copyOfRange(flight, at, at + RECORD_HEADER + length);
            records.position(at + record.length);
            if (record[0] == 22 && !protectedNow) {
                byte[] serverHello = Arrays.copyOfRange(record, RECORD_HEADER, record.length);
                transcript.writeBytes(serverHello);
                agree(serverHello);
                protectedNow = true;
            } else if (record[0] == 23) {
                messages.writeBytes(content(open(record)));
            }
        }
        transcript.writeBytes(messages.toByteArray());
        byte[] master = mac(derived(nextServerSecret, "derived", hash(NOTHING)), new byte[HASH]);
        byte[] all = hash(transcript.toByteArray());
        nextClientSecret = derived(master, "c ap traffic", all);
        nextServerSecret = derived(master, "s ap traffic", all);
    }

    private void agree(byte[] serverHello) throws GeneralSecurityException {
        byte[] early = mac(new byte[HASH], new byte[HASH]);
        byte[] shared = new byte[HASH];
        key.generateSecret(new X25519PublicKeyParameters(share(serverHello), 0), shared, 0);
        byte[] handshake = mac(derived(early, "derived", hash(NOTHING)), shared);
        byte[] hellos = hash(transcript.toByteArray());
        clientHandshakeSecret = derived(handshake, "c hs traffic", hellos);
        clientSecret = clientHandshakeSecret;
        serverSecret = derived(handshake, "s hs traffic", hellos);
        nextServerSecret = handshake;
        sealed = 0;
        opened = 0;
    }

    private static byte[] share(byte[] serverHello) {
        ByteBuffer in = ByteBuffer.wrap(serverHello);
        in.position(SESSION_OFFSET + 1 + serverHello[SESSION_OFFSET] + 2 + 1 + 2);
        while (in.hasRemaining()) {
            int type = in.getShort();
            byte[] body = new byte[in.getShort()];
            in.get(body);
            if (type == ClientHello.KEY_SHARE) {
                return Arrays.copyOfRange(body, 4, body.length);
            }
        }
        throw new AssertionError("the server has chosen no key share");
    }

    /** The Finished message of this client, as it should be. */
    byte[] finishedMessage() throws GeneralSecurityException {
        byte[] finishedKey = expanded(clientHandshakeSecret, "finished", NOTHING, HASH);
        return ClientHello.handshake(20, mac(finishedKey, hash(transcript.toByteArray())));
    }

    byte[] finished() throws GeneralSecurityException {
        return seal(22, finishedMessage());
    }

    /** Goes on to the keys for application data. */
    void finish() {
        clientSecret = nextClientSecret;
        serverSecret = nextServerSecret;
        sealed = 0;
        opened = 0;
    }

    /** The client's next keys, after a KeyUpdate of its own (section 7.2). */
    void updateOwn() throws GeneralSecurityException {
        clientSecret = expanded(clientSecret, "traffic upd", NOTHING, HASH);
        sealed = 0;
    }

    /** The server's next keys. */
    void updateServers() throws GeneralSecurityException {
        serverSecret = expanded(serverSecret, "traffic upd", NOTHING, HASH);
        opened = 0;
    }

    byte[] seal(int type, byte... content) throws GeneralSecurityException {
        byte[] inner = Arrays.copyOf(content, content.length + 1);
        inner[content.length] = (byte) type;
        return sealInner(inner);
    }

    /** A record around any inner plaintext (section 5.2). */
    byte[] sealInner(byte[] inner) throws GeneralSecurityException {
        byte[] header = ClientHello.joined(
                new byte[] {23}, ClientHello.numbers(ClientHello.TLS_1_2, inner.length + TAG));
        return ClientHello.joined(header, crypt(Cipher.ENCRYPT_MODE, clientSecret, sealed++, header, inner));
    }

    /** The inner plaintext of a server's record, its type last. */
    byte[] open(byte[] record) throws GeneralSecurityException {
        byte[] header = Arrays.copyOf(record, RECORD_HEADER);
        byte[] body = Arrays.copyOfRange(record, RECORD_HEADER, record.length);
        return crypt(Cipher.DECRYPT_MODE, serverSecret, opened++, header, body);
    }

    /** What the server says, records of data only; a KeyUpdate between them is followed. */
    String read(byte[] records) throws GeneralSecurityException {
        var text = new ByteArrayOutputStream();
        for (int at = 0; at < records.length; ) {
            int length = (records[at + 3] & 0xff) << 8 | records[at + 4] & 0xff;
            byte[] inner = open(Arrays.copyOfRange(records, at, at + RECORD_HEADER + length));
            at += RECORD_HEADER + length;
            byte[] content = content(inner);
            int type = inner[content.length];
            if (type == 23) {
                text.writeBytes(content);
            } else if (type == 22 && content[0] == 24) {
                updateServers();
            }
        }
        return text.toString(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** One step of the server with a sealed record. */
    TlsStep say(TlsEngine server, int type, byte... content) throws GeneralSecurityException, TlsException {
        return server.step(seal(type, content), List.of());
    }

    /** Without type and padding. */
    private static byte[] content(byte[] inner) {
        int end = inner.length - 1;
        while (inner[end] == 0) {
            end--;
        }
        return Arrays.copyOf(inner, end);
    }

    private static byte[] crypt(int mode, byte[] secret, long number, byte[] header, byte[] text)
            throws GeneralSecurityException {
        ByteBuffer nonce = ByteBuffer.wrap(expanded(secret, "iv", NOTHING, 12));
        nonce.putLong(4, nonce.getLong(4) ^ number);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        var key = new SecretKeySpec(expanded(secret, "key", NOTHING, 16), "AES");
        cipher.init(mode, key, new GCMParameterSpec(TAG * Byte.SIZE, nonce.array()));
        cipher.updateAAD(header);
        return cipher.doFinal(text);
    }

    // ---- the key schedule, section 7.1

    private static byte[] derived(byte[] secret, String label, byte[] hash) throws GeneralSecurityException {
        return expanded(secret, label, hash, HASH);
    }

    /** HKDF-Expand-Label, of one block at most. */
    private static byte[] expanded(byte[] secret, String label, byte[] context, int length)
            throws GeneralSecurityException {
        byte[] name = ("tls13 " + label).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        byte[] info = ClientHello.joined(
                ClientHello.numbers(length), ClientHello.vector8(name), ClientHello.vector8(context), new byte[] {1});
        return Arrays.copyOf(mac(secret, info), length);
    }

    private static byte[] mac(byte[] key, byte[] text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text);
    }

    private static byte[] hash(byte[] text) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(text);
    }
}
