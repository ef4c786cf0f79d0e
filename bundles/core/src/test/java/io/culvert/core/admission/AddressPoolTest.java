package io.culvert.core.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class AddressPoolTest {
    @Test
    void shouldGiveEveryHostButGatewayNetworkAndBroadcast() {
        var pool = pool("10.8.0.0/29", "fd00:8::/64");
        var seen = new HashSet<String>();
        for (int i = 0; i < 5; i++) {
            TunnelAddresses addresses = pool.take(peer("u" + i), i).orElseThrow();
            seen.add(addresses.ipv4().orElseThrow().getHostAddress());
            assertEquals(
                    Integer.parseInt(addresses.ipv4().get().getHostAddress().substring(7)),
                    (int) addresses.ipv6().orElseThrow().getAddress()[15]);
        }
        assertEquals(Set.of("10.8.0.2", "10.8.0.3", "10.8.0.4", "10.8.0.5", "10.8.0.6"), seen);
        assertEquals(Optional.empty(), pool.take(peer("late"), 99));
        assertEquals(5, pool.used());
        assertEquals(5, pool.capacity());
    }

    @Test
    void shouldKeepTheFirstHostForTheGateway() {
        var pool = pool("10.8.0.0/24", "fd00:8::/64");
        assertEquals("10.8.0.1", pool.ipv4Gateway().orElseThrow().getHostAddress());
        assertEquals(InetAddress.ofLiteral("fd00:8::1"), pool.ipv6Gateway().orElseThrow());
    }

    @Test
    void shouldServeOneFamilyAlone() {
        var six = pool("", "fd00:8::/64").take(peer("alice"), 1).orElseThrow();
        assertTrue(six.ipv4().isEmpty() && six.ipv6().isPresent());
        var four = pool("10.8.0.0/24", "").take(peer("alice"), 1).orElseThrow();
        assertTrue(four.ipv4().isPresent() && four.ipv6().isEmpty());
    }

    @Test
    void shouldNeverGiveMoreThanTheLimit() {
        assertEquals(AddressPool.LIMIT - 2, pool("", "fd00::/8").capacity());
        assertEquals(AddressPool.LIMIT - 3, pool("10.0.0.0/16", "").capacity());
        var pool = pool("10.0.0.0/8", "");
        assertEquals(AddressPool.LIMIT - 3, pool.capacity());
        for (int i = 0; i < pool.capacity(); i++) {
            assertTrue(pool.take(peer("u" + i), i).orElseThrow().ipv4().orElseThrow().getAddress()[1] == 0);
        }
        assertTrue(pool.take(peer("late"), -1).isEmpty());
    }

    @Test
    void shouldRefusePrefixesWithoutRoom() {
        assertThrows(IllegalArgumentException.class, () -> pool("10.8.0.0/31", ""));
        assertThrows(IllegalArgumentException.class, () -> pool("", "fd00::/127"));
        assertThrows(IllegalArgumentException.class, () -> pool("", ""));
        assertThrows(IllegalArgumentException.class, () -> pool("fd00::/64", ""));
        assertEquals(1, pool("10.8.0.0/30", "").capacity());
    }

    @Test
    void shouldGiveThePeerItsFormerAddress() {
        var pool = pool("10.8.0.0/24", "fd00:8::/64");
        TunnelAddresses first = pool.take(peer("alice"), 1).orElseThrow();
        assertEquals(first, pool.take(peer("alice"), 1).orElseThrow());
        pool.release(1);
        for (int i = 0; i < 100; i++) {
            pool.take(peer("u" + i), 100 + i);
        }
        assertEquals(first, pool.take(peer("alice"), 2).orElseThrow());
    }

    @Test
    void shouldGiveTheSameAddressAfterARestart() {
        assertEquals(
                pool("10.8.0.0/24", "").take(peer("alice"), 1), pool("10.8.0.0/24", "").take(peer("alice"), 2));
    }

    @Test
    void shouldKeepTheFirstSessionsAddressAsThePeersOwn() {
        var pool = pool("10.8.0.0/24", "");
        TunnelAddresses first = pool.take(peer("alice"), 1).orElseThrow();
        TunnelAddresses second = pool.take(peer("alice"), 2).orElseThrow();
        assertNotEquals(first, second);
        pool.release(2);
        pool.release(1);
        assertEquals(first, pool.take(peer("alice"), 3).orElseThrow());
    }

    @Test
    void shouldTakeOverWhatWasFreeForTheLongestTime() {
        var pool = pool("10.8.0.0/29", "");
        TunnelAddresses[] all = new TunnelAddresses[5];
        for (int i = 0; i < 5; i++) {
            all[i] = pool.take(peer("u" + i), i).orElseThrow();
        }
        pool.release(3);
        pool.release(1);
        assertEquals(all[3], pool.take(peer("new"), 10).orElseThrow());
        assertEquals(all[1], pool.take(peer("u1"), 11).orElseThrow());
    }

    @Test
    void shouldGiveAFixedAddressOnlyOnce() {
        var pool = pool("10.8.0.0/24", "fd00:8::/64");
        InetAddress fixed = InetAddress.ofLiteral("10.8.0.77");
        TunnelAddresses addresses = pool.take(peer("alice"), 1, fixed).orElseThrow();
        assertEquals(fixed, addresses.ipv4().orElseThrow());
        assertEquals(InetAddress.ofLiteral("fd00:8::4d"), addresses.ipv6().orElseThrow());
        assertEquals(Optional.of(addresses), pool.take(peer("alice"), 1, fixed));
        assertEquals(Optional.empty(), pool.take(peer("bob"), 2, fixed));
    }

    @Test
    void shouldRefuseFixedAddressesThatAreNoPeers() {
        var pool = pool("10.8.0.0/24", "");
        for (String address : List.of("10.8.0.0", "10.8.0.1", "10.8.0.255", "10.9.0.5", "fd00::5")) {
            var failure = assertThrows(
                    IllegalArgumentException.class,
                    () -> pool.take(peer("alice"), 1, InetAddress.ofLiteral(address)),
                    address);
            assertTrue(failure.getMessage().contains("10.8.0.0/24"), failure.getMessage());
        }
        assertEquals(0, pool.used());
    }

    @Test
    void shouldRestoreExactlyWhatWasHeld() {
        var pool = pool("10.8.0.0/24", "fd00:8::/64");
        TunnelAddresses wanted = addresses("10.8.0.9", "fd00:8::9");
        assertTrue(pool.restore(peer("alice"), 1, wanted));
        assertTrue(pool.restore(peer("alice"), 1, wanted));
        assertFalse(pool.restore(peer("bob"), 2, wanted));
        assertFalse(pool.restore(peer("alice"), 1, addresses("10.8.0.10", "fd00:8::a")));
        assertEquals(wanted, pool.take(peer("alice"), 1).orElseThrow());
        assertTrue(pool.restore(peer("carol"), 3, addresses("10.8.0.11", "")));
    }

    @Test
    void shouldNotRestoreWhatIsNotInTheNetwork() {
        var pool = pool("10.8.0.0/24", "fd00:8::/64");
        assertFalse(pool.restore(peer("a"), 1, addresses("10.9.0.9", "fd00:8::9")));
        assertFalse(pool.restore(peer("a"), 1, addresses("10.8.0.9", "fd00:9::9")));
        assertFalse(pool.restore(peer("a"), 1, addresses("10.8.0.9", "fd00:8::a")));
        assertFalse(pool.restore(peer("a"), 1, addresses("10.8.0.9", "fd00:8::1:0:0:9")));
        assertFalse(pool.restore(peer("a"), 1, addresses("10.8.0.1", "")));
        assertFalse(pool.restore(peer("a"), 1, addresses("", "")));
        assertFalse(pool("10.8.0.0/24", "").restore(peer("a"), 1, addresses("10.8.0.9", "fd00:8::9")));
        assertEquals(0, pool.used());
    }

    @Test
    void shouldNeverGiveOneAddressToTwoAtOnce() throws Exception {
        var pool = pool("10.8.0.0/27", "");
        Set<TunnelAddresses> held = ConcurrentHashMap.newKeySet();
        try (var executor = Executors.newFixedThreadPool(4)) {
            var tasks = new java.util.ArrayList<java.util.concurrent.Callable<Void>>();
            for (int t = 0; t < 4; t++) {
                int thread = t;
                tasks.add(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        long id = thread * 1_000_000L + i;
                        TunnelAddresses mine = pool.take(peer("u" + i % 50), id).orElseThrow();
                        assertTrue(held.add(mine));
                        held.remove(mine);
                        pool.release(id);
                    }
                    return null;
                });
            }
            for (var result : executor.invokeAll(tasks)) {
                result.get();
            }
        }
        assertEquals(0, pool.used());
    }

    private static AddressPool pool(String ipv4, String ipv6) {
        return new AddressPool(prefix(ipv4), prefix(ipv6));
    }

    private static Optional<Prefix> prefix(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Prefix.parse(text));
    }

    private static TunnelAddresses addresses(String ipv4, String ipv6) {
        return new TunnelAddresses(
                ipv4.isEmpty() ? Optional.empty() : Optional.of((Inet4Address) InetAddress.ofLiteral(ipv4)),
                ipv6.isEmpty() ? Optional.empty() : Optional.of((Inet6Address) InetAddress.ofLiteral(ipv6)));
    }

    private static PeerIdentity peer(String user) {
        return new PeerIdentity(user, "", Map.of());
    }
}
