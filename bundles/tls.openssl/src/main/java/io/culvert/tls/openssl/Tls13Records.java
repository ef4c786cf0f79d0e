package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The record layer of an established TLS 1.3 connection, seen from the server: RFC 8446 sections 5, 4.6.3 and 6. It is
 * all that a connection needs which is idle nearly always, in a few hundred bytes. Keys are derived for a step and
 * forgotten, only the secrets stay.
 *
 * <p>After the handshake a client has nothing to say but application data, alerts and key updates: no certificate is
 * asked for later, and tickets go the other way.
 */
final class Tls13Records {
    private static final int HEADER = 5;
    private static final int MAX_PLAINTEXT = 16_384;
    private static final int MAX_CIPHERTEXT = MAX_PLAINTEXT + 256;

    /** A TLSInnerPlaintext: content, its type, padding. */
    private static final int MAX_INNER = MAX_PLAINTEXT + 1;

    private static final byte ALERT = 21;
    private static final byte HANDSHAKE = 22;
    private static final byte APPLICATION_DATA = 23;
    private static final byte[] KEY_UPDATE = {24, 0, 0, 1, 0};
    private static final int UPDATE_REQUESTED = 1;

    private static final byte FATAL = 2;
    private static final int CLOSE_NOTIFY = 0;
    private static final byte UNEXPECTED_MESSAGE = 10;
    private static final byte BAD_RECORD_MAC = 20;
    private static final byte RECORD_OVERFLOW = 22;
    private static final byte ILLEGAL_PARAMETER = 47;
    private static final byte DECODE_ERROR = 50;
    private static final int USER_CANCELED = 90;

    /** Far below what GCM bears with one key (RFC 8446 section 5.5), and far above what a control channel says. */
    private static final long MAX_RECORDS = 1L << 24;

    /** Records in a row without data that a peer may make us work for. */
    private static final int MAX_DATALESS = 32;

    /** One direction. */
    private static final class Direction {
        final int mode;
        byte[] secret;
        long records;

        /** For the time of a step, from its first record on. */
        @Nullable Working working;

        Direction(int mode, byte[] secret) {
            this.mode = mode;
            this.secret = secret;
        }

        void forgetWorking() {
            if (working != null) {
                Arrays.fill(working.iv, (byte) 0);
                working = null;
            }
        }
    }

    /** What is derived from a secret. */
    private record Working(Cipher cipher, SecretKeySpec key, byte[] iv) {}

    private final Tls13Keys suite;
    private final Direction read;
    private final Direction write;
    private byte[] pending = {};
    private int dataless;
    private boolean ended;

    /** Takes the secrets over: client_application_traffic_secret_0 and server_application_traffic_secret_0. */
    Tls13Records(Tls13Keys suite, byte[] clientSecret, byte[] serverSecret) {
        this.suite = suite;
        this.read = new Direction(Cipher.DECRYPT_MODE, clientSecret);
        this.write = new Direction(Cipher.ENCRYPT_MODE, serverSecret);
    }

    /** As {@link io.culvert.api.tls.TlsEngine#step}. */
    TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
        byte[] joined = Arrays.copyOf(pending, pending.length + received.length);
        System.arraycopy(received, 0, joined, pending.length, received.length);
        ByteBuffer input = ByteBuffer.wrap(joined);
        var toPeer = new ByteArrayOutputStream();
        var fromPeer = new ArrayList<byte[]>();
        try {
            while (!ended && takeRecord(input, toPeer, fromPeer)) {
                // Each round takes one.
            }
            pending = ended ? new byte[0] : Arrays.copyOfRange(joined, input.position(), input.limit());
            for (byte[] message : messages) {
                for (int from = 0; from < message.length; from += MAX_PLAINTEXT) {
                    int to = Math.min(message.length, from + MAX_PLAINTEXT);
                    seal(APPLICATION_DATA, message, from, to - from, toPeer);
                }
            }
            return new TlsStep(toPeer.toByteArray(), List.copyOf(fromPeer), ended);
        } catch (GeneralSecurityException e) {
            throw new TlsException("the JDK cannot protect TLS records: " + e.getMessage(), e);
        } finally {
            read.forgetWorking();
            write.forgetWorking();
        }
    }

    /** False when no whole record is there. */
    private boolean takeRecord(ByteBuffer input, ByteArrayOutputStream toPeer, List<byte[]> fromPeer)
            throws TlsException, GeneralSecurityException {
        if (input.remaining() < HEADER) {
            return false;
        }
        int length = input.getShort(input.position() + 3) & 0xffff;
        if (input.get(input.position()) != APPLICATION_DATA) {
            throw fatal("a record without protection came after the handshake", UNEXPECTED_MESSAGE, toPeer);
        }
        if (length > MAX_CIPHERTEXT) {
            throw fatal("a record is too long", RECORD_OVERFLOW, toPeer);
        }
        if (input.remaining() < HEADER + length) {
            return false;
        }
        byte[] inner = open(input, length, toPeer);
        try {
            onInner(inner, toPeer, fromPeer);
        } finally {
            Arrays.fill(inner, (byte) 0);
        }
        return true;
    }

    private void onInner(byte[] inner, ByteArrayOutputStream toPeer, List<byte[]> fromPeer)
            throws TlsException, GeneralSecurityException {
        if (inner.length > MAX_INNER) {
            throw fatal("a record is too long", RECORD_OVERFLOW, toPeer);
        }
        int end = inner.length;
        while (end > 0 && inner[end - 1] == 0) {
            end--;
        }
        if (end == 0) {
            throw fatal("a record has no content type", UNEXPECTED_MESSAGE, toPeer);
        }
        byte[] content = Arrays.copyOf(inner, end - 1);
        byte type = inner[end - 1];
        if (type == APPLICATION_DATA && content.length > 0) {
            fromPeer.add(content);
            dataless = 0;
            return;
        }
        switch (type) {
            case APPLICATION_DATA -> {
                // Empty: it is there to hide how much is said.
            }
            case ALERT -> onAlert(content, toPeer);
            case HANDSHAKE -> onHandshake(content, toPeer);
            default -> throw fatal("a record has the content type " + type, UNEXPECTED_MESSAGE, toPeer);
        }
        if (!ended && dataless++ == MAX_DATALESS) {
            throw fatal("too many records in a row carry no data", UNEXPECTED_MESSAGE, toPeer);
        }
    }

    private void onAlert(byte[] content, ByteArrayOutputStream toPeer) throws TlsException {
        if (content.length == 0) {
            throw fatal("an alert is empty", UNEXPECTED_MESSAGE, toPeer);
        }
        if (content.length != 2) {
            throw fatal("an alert is malformed", DECODE_ERROR, toPeer);
        }
        int description = content[1] & 0xff;
        if (description == CLOSE_NOTIFY) {
            ended = true;
        } else if (description != USER_CANCELED) {
            throw new TlsException("the peer refuses: TLS alert " + description);
        }
    }

    private void onHandshake(byte[] content, ByteArrayOutputStream toPeer)
            throws TlsException, GeneralSecurityException {
        int last = KEY_UPDATE.length - 1;
        if (content.length != KEY_UPDATE.length
                || !Arrays.equals(content, 0, last, KEY_UPDATE, 0, last)) {
            throw fatal("a handshake message came after the handshake", UNEXPECTED_MESSAGE, toPeer);
        }
        if ((content[last] & 0xff) > UPDATE_REQUESTED) {
            throw fatal("a key update asks for something unknown", ILLEGAL_PARAMETER, toPeer);
        }
        update(read);
        if (content[last] == UPDATE_REQUESTED) {
            seal(HANDSHAKE, KEY_UPDATE, 0, KEY_UPDATE.length, toPeer);
            update(write);
        }
    }

    private void update(Direction direction) throws GeneralSecurityException {
        direction.forgetWorking();
        byte[] next = suite.next(direction.secret);
        Arrays.fill(direction.secret, (byte) 0);
        direction.secret = next;
        direction.records = 0;
    }

    private byte[] open(ByteBuffer input, int length, ByteArrayOutputStream toPeer)
            throws TlsException, GeneralSecurityException {
        byte[] header = new byte[HEADER];
        byte[] sealed = new byte[length];
        input.get(header).get(sealed);
        Cipher cipher = cipher(read);
        cipher.updateAAD(header);
        try {
            return cipher.doFinal(sealed);
        } catch (GeneralSecurityException _) {
            throw fatal("a record is not authentic", BAD_RECORD_MAC, toPeer);
        }
    }

    private void seal(byte type, byte[] content, int from, int length, ByteArrayOutputStream toPeer)
            throws TlsException, GeneralSecurityException {
        byte[] inner = Arrays.copyOfRange(content, from, from + length + 1);
        inner[length] = type;
        try {
            seal(inner, toPeer);
        } finally {
            Arrays.fill(inner, (byte) 0);
        }
    }

    private void seal(byte[] inner, ByteArrayOutputStream toPeer) throws TlsException, GeneralSecurityException {
        int sealedLength = inner.length + Tls13Keys.TAG_BYTES;
        byte[] header = {APPLICATION_DATA, 3, 3, (byte) (sealedLength >> Byte.SIZE), (byte) sealedLength};
        Cipher cipher = cipher(write);
        cipher.updateAAD(header);
        toPeer.writeBytes(header);
        toPeer.writeBytes(cipher.doFinal(inner));
    }

    /** For the next record of a direction, which it counts. */
    private Cipher cipher(Direction direction) throws TlsException, GeneralSecurityException {
        if (direction.records >= MAX_RECORDS) {
            throw new TlsException("the TLS connection has carried more records than one key may");
        }
        Working working = direction.working;
        if (working == null) {
            working = working(direction.secret);
            direction.working = working;
        }
        byte[] nonce = working.iv.clone();
        try {
            ByteBuffer tail = ByteBuffer.wrap(nonce, Tls13Keys.IV_BYTES - Long.BYTES, Long.BYTES);
            tail.putLong(tail.position(), tail.getLong(tail.position()) ^ direction.records++);
            working.cipher.init(direction.mode, working.key, suite.nonce(nonce));
        } finally {
            Arrays.fill(nonce, (byte) 0);
        }
        return working.cipher;
    }

    private Working working(byte[] secret) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(suite.cipher);
        byte[] key = suite.key(secret);
        try {
            return new Working(cipher, new SecretKeySpec(key, suite.keyAlgorithm), suite.iv(secret));
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private TlsException fatal(String reason, byte description, ByteArrayOutputStream toPeer) {
        try {
            seal(ALERT, new byte[] {FATAL, description}, 0, 2, toPeer);
        } catch (TlsException | GeneralSecurityException e) {
            return new TlsException(reason, e, toPeer.toByteArray());
        }
        return new TlsException(reason, null, toPeer.toByteArray());
    }

    /** Forgets the secrets. */
    void zero() {
        Arrays.fill(read.secret, (byte) 0);
        Arrays.fill(write.secret, (byte) 0);
        pending = new byte[0];
    }
}
