package io.culvert.core.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

final class EndpointTableTest {
    private final EndpointTable table = new EndpointTable(16, new EndpointTable.Key(1, 2));
    private final FakeLink link = new FakeLink(
            new ListenerClaim(Transport.UDP, new InetSocketAddress("::", 1)),
            new LinkResources(new BufferPool(1, 64, 64), new Drops(), table, new SteppedPoller(), () -> 0, (d, t) -> {},
                    new FakeGate()));

    private LinkEndpoint find(String remote, int port, String local) {
        InetAddress there = InetAddress.ofLiteral(remote);
        InetAddress here = InetAddress.ofLiteral(local);
        return table.find(link, IpAddress.high(there), IpAddress.low(there), port, 0, IpAddress.high(here),
                IpAddress.low(here), 1194, 1);
    }

    @Test
    void shouldGiveTheSameObjectForAKnownRemote() {
        LinkEndpoint first = find("192.0.2.1", 4000, "10.0.0.1");
        assertSame(first, find("192.0.2.1", 4000, "10.0.0.1"));
        assertSame(first.remote(), first.remote());
        assertEquals(new InetSocketAddress("192.0.2.1", 4000), first.remote());
        assertEquals(InetAddress.ofLiteral("10.0.0.1"), first.local());
        assertEquals(1194, first.localPort());
    }

    @Test
    void shouldTellRemotesPortsAndLocalAddressesApart() {
        LinkEndpoint first = find("2001:db8::1", 4000, "2001:db8::2");
        assertNotEquals(first, find("2001:db8::1", 4001, "2001:db8::2"));
        assertNotEquals(first, find("2001:db8::3", 4000, "2001:db8::2"));
        LinkEndpoint elsewhere = find("2001:db8::1", 4000, "2001:db8::4");
        assertNotEquals(first, elsewhere);
        assertEquals(first.keyedHash(), elsewhere.keyedHash());
    }

    @Test
    void shouldKeepABoundedNumberAndThoseThatAreStillHeard() {
        LinkEndpoint heard = find("192.0.2.1", 1, "10.0.0.1");
        LinkEndpoint silent = find("192.0.2.2", 1, "10.0.0.1");
        for (int port = 0; port < 1000; port++) {
            find("203.0.113.1", port, "10.0.0.1");
            assertSame(heard, find("192.0.2.1", 1, "10.0.0.1"));
        }
        LinkEndpoint again = find("192.0.2.2", 1, "10.0.0.1");
        assertNotSame(silent, again);
        assertEquals(silent, again);
    }

    @Test
    void shouldHashAsSipHashDoes() {
        // Key 00..0f and message 00..17, as in the test vectors of the paper's authors.
        long k0 = 0x0706050403020100L;
        long k1 = 0x0f0e0d0c0b0a0908L;
        assertEquals(
                0xb8ad50c6f649af94L,
                SipHash.hash(k0, k1, 0x0706050403020100L, 0x0f0e0d0c0b0a0908L, 0x1716151413121110L));
        assertTrue(keyed(1).keyedHash(1, 2, 3, 4) != keyed(2).keyedHash(1, 2, 3, 4));
        assertEquals(keyed(1).keyedHash(1, 2, 3, 4), keyed(1).keyedHash(1, 2, 3, 4));
    }

    private static EndpointTable keyed(long k0) {
        return new EndpointTable(16, new EndpointTable.Key(k0, 7));
    }
}
