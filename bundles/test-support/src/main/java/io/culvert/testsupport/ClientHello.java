package io.culvert.testsupport;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2) with whatever a test wants wrong in it. */
final class ClientHello {
    static final int TLS_1_2 = 0x0303;
    static final int TLS_1_3 = 0x0304;
    static final int X25519 = 0x001d;
    static final int TLS_AES_128_GCM_SHA256 = 0x1301;

    static final int SUPPORTED_GROUPS = 10;
    static final int SIGNATURE_ALGORITHMS = 13;
    static final int EARLY_DATA = 42;
    static final int SUPPORTED_VERSIONS = 43;
    static final int KEY_SHARE = 51;

    private static final int[] SCHEMES = {0x0403, 0x0503, 0x0804, 0x0805, 0x0401};

    int version = TLS_1_2;
    byte[] random = new byte[32];
    byte[] session = new byte[32];
    int[] suites = {TLS_AES_128_GCM_SHA256};
    byte[] compressions = {0};
    byte[] trailer = {};
    final List<Extension> extensions = new ArrayList<>();

    record Extension(int type, byte[] body) {}

    private ClientHello() {
        Arrays.fill(random, (byte) 0x5a);
        Arrays.fill(session, (byte) 0x15);
    }

    /** One for TLS 1.3 alone that every server takes. */
    static ClientHello modern(int group, byte[] share) {
        var hello = new ClientHello();
        hello.extensions.add(new Extension(SUPPORTED_VERSIONS, vector8(numbers(TLS_1_3))));
        hello.extensions.add(new Extension(SUPPORTED_GROUPS, vector16(numbers(group))));
        hello.extensions.add(new Extension(SIGNATURE_ALGORITHMS, vector16(numbers(SCHEMES))));
        hello.extensions.add(new Extension(KEY_SHARE, vector16(keyShare(group, share))));
        return hello;
    }

    /** One for TLS 1.2 alone that every server takes. */
    static ClientHello classic() {
        var hello = new ClientHello();
        hello.session = new byte[0];
        hello.suites = new int[] {0xc02b, 0xc02f, 0x00ff}; // ECDHE with AES-128-GCM, renegotiation_info
        hello.extensions.add(new Extension(SUPPORTED_GROUPS, vector16(numbers(X25519, 23))));
        hello.extensions.add(new Extension(11, new byte[] {1, 0}));
        hello.extensions.add(new Extension(SIGNATURE_ALGORITHMS, vector16(numbers(SCHEMES))));
        hello.extensions.add(new Extension(23, new byte[0]));
        return hello;
    }

    ClientHello without(int type) {
        extensions.removeIf(extension -> extension.type == type);
        return this;
    }

    ClientHello with(int type, byte[] body) {
        extensions.add(new Extension(type, body));
        return this;
    }

    /** In front of all others. */
    ClientHello first(int type, byte[] body) {
        extensions.addFirst(new Extension(type, body));
        return this;
    }

    ClientHello replaced(int type, byte[] body) {
        extensions.replaceAll(extension -> extension.type == type ? new Extension(type, body) : extension);
        return this;
    }

    /** The handshake message, its header with it. */
    byte[] message() {
        var all = new ByteArrayOutputStream();
        for (Extension extension : extensions) {
            all.writeBytes(numbers(extension.type));
            all.writeBytes(vector16(extension.body));
        }
        return handshake(
                1,
                joined(
                        numbers(version),
                        random,
                        vector8(session),
                        vector16(numbers(suites)),
                        vector8(compressions),
                        vector16(all.toByteArray()),
                        trailer));
    }

    byte[] record() {
        return record(22, message());
    }

    static byte[] record(int type, byte[] content) {
        return record(type, TLS_1_2, content);
    }

    static byte[] record(int type, int version, byte[] content) {
        return joined(new byte[] {(byte) type}, numbers(version), vector16(content));
    }

    static byte[] handshake(int type, byte[] body) {
        return joined(
                new byte[] {(byte) type, (byte) (body.length >> 16), (byte) (body.length >> 8), (byte) body.length},
                body);
    }

    static byte[] keyShare(int group, byte[] share) {
        return joined(numbers(group), vector16(share));
    }

    static byte[] numbers(int... values) {
        byte[] bytes = new byte[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[2 * i] = (byte) (values[i] >> 8);
            bytes[2 * i + 1] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] vector8(byte[] content) {
        return joined(new byte[] {(byte) content.length}, content);
    }

    static byte[] vector16(byte[] content) {
        return joined(numbers(content.length), content);
    }

    static byte[] joined(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
