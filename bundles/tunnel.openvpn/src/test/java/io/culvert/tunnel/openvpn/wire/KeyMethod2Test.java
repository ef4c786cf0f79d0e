package io.culvert.tunnel.openvpn.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyMethod2Test {
    private static final int CLIENT_HEAD = 5 + KeyMethod2.PRE_MASTER_BYTES + 2 * KeyMethod2.RANDOM_BYTES;

    private static KeyMethod2 message(String options, String username, String password, String info) {
        byte[] preMaster = new byte[KeyMethod2.PRE_MASTER_BYTES];
        byte[] random1 = new byte[KeyMethod2.RANDOM_BYTES];
        byte[] random2 = new byte[KeyMethod2.RANDOM_BYTES];
        var random = new Random(7);
        List.of(preMaster, random1, random2).forEach(random::nextBytes);
        byte[] secret = password == null ? null : password.getBytes(StandardCharsets.UTF_8);
        return new KeyMethod2(preMaster, random1, random2, options, username, secret, info);
    }

    @Test
    void shouldReadBackWhatItWrites() {
        KeyMethod2 sent = message("V4,tls-client", "alice", "p\u00e4ss", "IV_VER=2.6\n");
        KeyMethod2 read = KeyMethod2.parseClient(sent.encode());
        assertNotNull(read);
        assertArrayEquals(sent.preMaster(), read.preMaster());
        assertArrayEquals(sent.random1(), read.random1());
        assertArrayEquals(sent.random2(), read.random2());
        assertEquals("V4,tls-client", read.options());
        assertEquals("alice", read.username());
        assertArrayEquals("p\u00e4ss".getBytes(StandardCharsets.UTF_8), read.password());
        assertEquals("IV_VER=2.6\n", read.peerInfo());
    }

    @Test
    void shouldTakeEveryPrefixAsAnEarlyEndOrAsMalformed() {
        byte[] whole = message("V4,tls-client", "alice", "secret", "IV_VER=2.6\n").encode();
        Set<Integer> ends = new HashSet<>();
        int at = CLIENT_HEAD;
        ends.add(at);
        for (String string : List.of("V4,tls-client", "alice", "secret", "IV_VER=2.6\n")) {
            at += 2 + string.length() + 1;
            ends.add(at);
        }
        assertEquals(whole.length, at);
        for (int length = 0; length <= whole.length; length++) {
            KeyMethod2 read = KeyMethod2.parseClient(Arrays.copyOf(whole, length));
            assertEquals(ends.contains(length), read != null, "of " + length + " bytes");
        }
    }

    @Test
    void shouldTakeMissingStringsAsAbsent() {
        byte[] whole = message("V4", "alice", "secret", "IV_VER=2.6\n").encode();
        KeyMethod2 bare = KeyMethod2.parseClient(Arrays.copyOf(whole, CLIENT_HEAD));
        assertNotNull(bare);
        assertEquals("", bare.options());
        assertNull(bare.username());
        assertNull(bare.password());
        assertEquals("", bare.peerInfo());
    }

    @Test
    void shouldRefuseStringsWithoutTheirNul() {
        byte[] whole = message("V4", "alice", "secret", "").encode();
        int optionsEnd = CLIENT_HEAD + 2 + 2;
        assertEquals(0, whole[optionsEnd]);
        whole[optionsEnd] = 'x';
        assertNull(KeyMethod2.parseClient(whole));
    }

    @Test
    void shouldRefuseUserNamesThatAreNoUtf8() {
        byte[] whole = message("", "alice", "secret", "").encode();
        int name = CLIENT_HEAD + 2 + 1 + 2;
        assertEquals('a', whole[name]);
        whole[name] = (byte) 0xFF;
        assertNull(KeyMethod2.parseClient(whole));
    }

    @Test
    void shouldRefuseAnotherMethodAndANumberBeforeIt() {
        byte[] whole = message("V4", null, null, "").encode();
        for (int i = 0; i < 5; i++) {
            byte[] other = whole.clone();
            other[i] ^= 1;
            assertNull(KeyMethod2.parseClient(other));
        }
    }

    @Test
    void shouldRefuseWhatIsLongerThanStockPeersRead() {
        byte[] whole = message("V4", null, null, "").encode();
        assertNotNull(KeyMethod2.parseClient(Arrays.copyOf(whole, KeyMethod2.MAX_BYTES)));
        assertNull(KeyMethod2.parseClient(Arrays.copyOf(whole, KeyMethod2.MAX_BYTES + 1)));
    }

    @Test
    void shouldReadAServersMessageWithoutPreMaster() {
        KeyMethod2 client = message("V4,tls-server", null, null, "");
        var server = new KeyMethod2(
                new byte[0], client.random1(), client.random2(), client.options(), null, null, "");
        byte[] bytes = server.encode();
        assertNotNull(KeyMethod2.parseServer(bytes));
        for (int length = 0; length < 5 + 2 * KeyMethod2.RANDOM_BYTES; length++) {
            assertNull(KeyMethod2.parseServer(Arrays.copyOf(bytes, length)));
        }
    }

    @Test
    void shouldForgetItsSecretsAndShowNone() {
        KeyMethod2 message = message("V4", "alice", "hunter2", "");
        assertFalse(message.toString().contains("hunter2"));
        message.zero();
        assertArrayEquals(new byte[KeyMethod2.PRE_MASTER_BYTES], message.preMaster());
        assertArrayEquals(new byte[KeyMethod2.RANDOM_BYTES], message.random1());
        assertArrayEquals(new byte[KeyMethod2.RANDOM_BYTES], message.random2());
        assertArrayEquals(new byte["hunter2".length()], message.password());
    }
}
