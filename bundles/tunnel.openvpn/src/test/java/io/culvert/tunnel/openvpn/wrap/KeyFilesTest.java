package io.culvert.tunnel.openvpn.wrap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Key files, and client keys wrapped for the server. */
class KeyFilesTest {
    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private final StaticKey key = new StaticKey(random(StaticKey.LENGTH, 1));
    private final ServerWrapKey server = new ServerWrapKey(random(ServerWrapKey.LENGTH, 2));

    @Test
    void shouldReadBackTheKeyFilesThatItWrites() {
        assertArrayEquals(key.bytes(), StaticKey.parse(key.format()).bytes());
        assertArrayEquals(server.bytes(), ServerWrapKey.parse(server.format()).bytes());
        var client = new ClientWrapKey(key, server.wrap(key, new byte[] {0}));
        ClientWrapKey read = ClientWrapKey.parse(client.format());
        assertArrayEquals(key.bytes(), read.key().bytes());
        assertArrayEquals(client.wrapped(), read.wrapped());
    }

    @Test
    void shouldReadKeyFilesAmongOtherLinesAndWithForeignLineEnds() {
        String text = "# comment\r\n" + key.format().replace("\n", "\r\n") + "trailing\r\n";
        assertArrayEquals(key.bytes(), StaticKey.parse(text).bytes());
        String pem = "comment\n" + server.format().replace("\n", "\r\n");
        assertArrayEquals(server.bytes(), ServerWrapKey.parse(pem).bytes());
    }

    @Test
    void shouldRefuseOtherTextsWithoutRepeatingThem() {
        String whole = key.format();
        for (String text : new String[] {
            "",
            whole.replace("END", "EN"),
            whole.replaceFirst("\n[0-9a-f]{32}\n", "\n"),
            whole.replaceFirst("\n[0-9a-f]", "\nz"),
            server.format()
        }) {
            var e = assertThrows(IllegalArgumentException.class, () -> StaticKey.parse(text));
            assertSaysNothingOf(whole, e);
        }
        for (String text : new String[] {
            "", server.format().replaceFirst("\n.{4}", "\n"), server.format().replaceFirst("\n.", "\n!"), whole
        }) {
            var e = assertThrows(IllegalArgumentException.class, () -> ServerWrapKey.parse(text));
            assertSaysNothingOf(server.format(), e);
            assertThrows(IllegalArgumentException.class, () -> ClientWrapKey.parse(text));
        }
    }

    /** No line of the key, nor a good part of one. */
    private static void assertSaysNothingOf(String keyFile, Exception e) {
        assertNotNull(e.getMessage());
        keyFile.lines().filter(l -> !l.startsWith("-")).forEach(
                line -> assertFalse(e.getMessage().contains(line.substring(0, Math.min(8, line.length())))));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 127, 129, 255, 257})
    void shouldRefuseKeysOfAnotherLength(int length) {
        assertThrows(IllegalArgumentException.class, () -> new StaticKey(new byte[length]));
        assertThrows(IllegalArgumentException.class, () -> new ServerWrapKey(new byte[length]));
    }

    @Test
    void shouldShowNoKey() {
        assertEquals("StaticKey[redacted]", key.toString());
        assertEquals("ServerWrapKey[redacted]", server.toString());
        assertEquals("ClientWrapKey[redacted]", new ClientWrapKey(key, new byte[1]).toString());
    }

    @Test
    void shouldSliceDirectionsAndMixBytes() {
        byte[] bytes = key.bytes();
        assertArrayEquals(Arrays.copyOfRange(bytes, 128, 160), key.cipher(1, 32));
        assertArrayEquals(Arrays.copyOfRange(bytes, 64, 84), key.hmac(0, 20));
        assertArrayEquals(new byte[StaticKey.LENGTH], key.xor(bytes).bytes());
        key.zero();
        assertArrayEquals(new byte[StaticKey.LENGTH], key.bytes());
    }

    // ---- wrapped client keys

    @ParameterizedTest
    @ValueSource(ints = {1, 9, ServerWrapKey.MAX_METADATA_BYTES - 1, ServerWrapKey.MAX_METADATA_BYTES})
    void shouldUnwrapAtTheEndOfAPacketWhatItWrapped(int metadataBytes) {
        byte[] metadata = random(metadataBytes, 3);
        byte[] wkc = server.wrap(key, metadata);
        byte[] packet = Arrays.copyOf(random(54, 4), 54 + wkc.length);
        System.arraycopy(wkc, 0, packet, 54, wkc.length);
        assertEquals(wkc.length, ServerWrapKey.wrappedLength(packet));
        ServerWrapKey.ClientKey client = server.unwrap(packet);
        assertNotNull(client);
        assertArrayEquals(key.bytes(), client.key().bytes());
        assertArrayEquals(metadata, client.metadata());
    }

    @Test
    void shouldRefuseEveryChangedByteAndEveryTruncation() {
        byte[] wkc = server.wrap(key, new byte[] {0, 1, 2});
        for (int i = 0; i < wkc.length; i++) {
            byte[] changed = wkc.clone();
            changed[i] ^= 0x40;
            assertNull(server.unwrap(changed), "byte " + i);
            assertNull(server.unwrap(Arrays.copyOf(wkc, i)));
            assertNull(server.unwrap(Arrays.copyOfRange(wkc, i + 1, wkc.length)));
        }
        assertNull(new ServerWrapKey(random(ServerWrapKey.LENGTH, 9)).unwrap(wkc));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, ServerWrapKey.MAX_METADATA_BYTES + 1})
    void shouldRefuseMetadataThatWouldNotFit(int length) {
        assertThrows(IllegalArgumentException.class, () -> server.wrap(key, new byte[length]));
    }

    // ---- wraps

    @Test
    void shouldRefuseEveryChangedByteOfEveryWrap() {
        byte[] rest = random(40, 5);
        ControlWrap[][] ends = {
            {TlsAuthWrap.directed(key, Digest.SHA1, false), TlsAuthWrap.directed(key, Digest.SHA1, true)},
            {TlsAuthWrap.directed(key, Digest.SHA512, true), TlsAuthWrap.directed(key, Digest.SHA512, false)},
            {TlsAuthWrap.undirected(key, Digest.SHA384), TlsAuthWrap.undirected(key, Digest.SHA384)},
            {new TlsCryptWrap(key, false), new TlsCryptWrap(key, true)},
        };
        for (ControlWrap[] end : ends) {
            byte[] packet = end[0].wrap(0x20, 77, 5L << 32 | 100, rest);
            ControlWrap.Unwrapped unwrapped = end[1].unwrap(packet);
            assertNotNull(unwrapped);
            assertArrayEquals(rest, unwrapped.rest());
            assertEquals(5, unwrapped.replayId());
            assertEquals(100, unwrapped.replayTime());
            for (int i = 0; i < packet.length; i++) {
                byte[] changed = packet.clone();
                changed[i] ^= 1;
                assertNull(end[1].unwrap(changed), "byte " + i);
                assertNull(end[1].unwrap(Arrays.copyOf(packet, i)));
            }
        }
    }

    @Test
    void shouldNotTakeItsOwnPacketsForThePeers() {
        byte[] rest = random(40, 5);
        for (ControlWrap wrap : new ControlWrap[] {
            TlsAuthWrap.directed(key, Digest.SHA256, true), new TlsCryptWrap(key, true), new TlsCryptWrap(key, false)
        }) {
            assertNull(wrap.unwrap(wrap.wrap(0x20, 77, 1L << 32, rest)));
        }
    }
}
