package io.culvert.core.admission;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one network. A session holds one host number, which gives its address in each family: number 7 is
 * {@code 10.8.0.7} and {@code fd00::7}. Number 1 is the appliance. A peer gets the number that it had last, else one
 * that its name leads to, so that it mostly has the same address, also after a restart of the appliance.
 *
 * <p>Threads: any, several at once; nothing blocks.
 */
public final class AddressPool {
    /** Host numbers are below this, however large the prefixes are. */
    public static final int LIMIT = 1 << 16;

    private static final int GATEWAY = 1;
    private static final int FIRST = 2;

    private final Optional<Prefix> ipv4;
    private final Optional<Prefix> ipv6;
    private final int end;
    private final Map<Long, Integer> numberBySession = new HashMap<>();
    private final Map<Integer, Long> sessionByNumber = new HashMap<>();

    /** Who had a number last; the one that was used longest ago first. */
    private final LinkedHashMap<Integer, Peer> lastPeer = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<Peer, Integer> lastNumber = new HashMap<>();

    private record Peer(String user, String profile) {}

    /**
     * @param ipv4 at most /30, if there is IPv4
     * @param ipv6 at most /126, if there is IPv6
     * @throws IllegalArgumentException naming the prefix when it has no room for a gateway and a peer, or when there
     *     is neither
     */
    public AddressPool(Optional<Prefix> ipv4, Optional<Prefix> ipv6) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
        int end = LIMIT;
        if (ipv4.isPresent()) {
            // The last number is the broadcast address.
            end = Math.min(end, hosts(ipv4.get(), 32) - 1);
        }
        if (ipv6.isPresent()) {
            end = Math.min(end, hosts(ipv6.get(), 128));
        }
        if (ipv4.isEmpty() && ipv6.isEmpty()) {
            throw new IllegalArgumentException("a network needs an IPv4 or an IPv6 prefix");
        }
        this.end = end;
    }

    private static int hosts(Prefix prefix, int bits) {
        if (prefix.address().getAddress().length * 8 != bits) {
            throw new IllegalArgumentException(prefix + " is no IPv" + (bits == 32 ? 4 : 6) + " prefix");
        }
        int hostBits = bits - prefix.length();
        if (hostBits < 2) {
            throw new IllegalArgumentException(
                    prefix + " is too small for peers: use a prefix length of at most " + (bits - 2));
        }
        return hostBits >= 16 ? LIMIT : 1 << hostBits;
    }

    /** The appliance's address in the IPv4 prefix: its first host. */
    public Optional<InetAddress> ipv4Gateway() {
        return ipv4.map(prefix -> address(prefix, GATEWAY));
    }

    /** The appliance's address in the IPv6 prefix: {@code ::1} of it. */
    public Optional<InetAddress> ipv6Gateway() {
        return ipv6.map(prefix -> address(prefix, GATEWAY));
    }

    /**
     * Reserves addresses for the session until {@link #release}; the same again when it has them already.
     *
     * @return empty when none is left
     */
    public synchronized Optional<TunnelAddresses> take(PeerIdentity identity, long sessionId) {
        Integer held = numberBySession.get(sessionId);
        if (held != null) {
            return Optional.of(addresses(held));
        }
        var peer = new Peer(identity.user(), identity.profile());
        Integer number = freeNumber(peer);
        if (number == null) {
            return Optional.empty();
        }
        hold(peer, number, sessionId);
        return Optional.of(addresses(number));
    }

    /**
     * As {@link #take}, with this IPv4 address and no other.
     *
     * @return empty when another session has it
     * @throws IllegalArgumentException when it is no peer's address in this network
     */
    public synchronized Optional<TunnelAddresses> take(PeerIdentity identity, long sessionId, InetAddress fixed) {
        int number = ipv4.map(prefix -> number(prefix, fixed)).orElse(-1);
        if (number < 0) {
            throw new IllegalArgumentException("address " + fixed.getHostAddress() + " is not for a peer of "
                    + ipv4.map(Prefix::toString).orElse("a network without IPv4"));
        }
        Integer held = numberBySession.get(sessionId);
        if (held != null) {
            return held == number ? Optional.of(addresses(number)) : Optional.empty();
        }
        if (sessionByNumber.containsKey(number)) {
            return Optional.empty();
        }
        hold(new Peer(identity.user(), identity.profile()), number, sessionId);
        return Optional.of(addresses(number));
    }

    /**
     * Reserves exactly these addresses; a family of the network may be missing in them.
     *
     * @return false when another session has them, or when the network does not
     */
    public synchronized boolean restore(PeerIdentity identity, long sessionId, TunnelAddresses wanted) {
        int number = number(wanted);
        if (number < 0) {
            return false;
        }
        Integer held = numberBySession.get(sessionId);
        if (held != null) {
            return held == number;
        }
        if (sessionByNumber.containsKey(number)) {
            return false;
        }
        hold(new Peer(identity.user(), identity.profile()), number, sessionId);
        return true;
    }

    /** The host number that all given families agree on, or -1. */
    private int number(TunnelAddresses wanted) {
        int number = -1;
        if (wanted.ipv4().isPresent()) {
            Inet4Address address = wanted.ipv4().get();
            number = ipv4.map(prefix -> number(prefix, address)).orElse(-1);
            if (number < 0) {
                return -1;
            }
        }
        if (wanted.ipv6().isPresent()) {
            Inet6Address address = wanted.ipv6().get();
            int second = ipv6.map(prefix -> number(prefix, address)).orElse(-1);
            return number < 0 || number == second ? second : -1;
        }
        return number;
    }

    /** Gives back what the session holds; nothing when it holds nothing. */
    public synchronized void release(long sessionId) {
        Integer number = numberBySession.remove(sessionId);
        if (number != null) {
            sessionByNumber.remove(number);
            // Touched, so that the number that is free for the longest time is given away first.
            lastPeer.get(number);
        }
    }

    /** What one session holds is the other's from now on; nothing when it holds nothing. */
    public synchronized void pass(long sessionId, long to) {
        Integer number = numberBySession.remove(sessionId);
        if (number != null) {
            numberBySession.put(to, number);
            sessionByNumber.put(number, to);
        }
    }

    /** How many sessions hold addresses. */
    public synchronized int used() {
        return numberBySession.size();
    }

    /** How many sessions can hold addresses at once. */
    public int capacity() {
        return end - FIRST;
    }

    private void hold(Peer peer, int number, long sessionId) {
        numberBySession.put(sessionId, number);
        sessionByNumber.put(number, sessionId);
        Integer before = lastNumber.get(peer);
        if (before != null && before != number && sessionByNumber.containsKey(before)) {
            // A second session beside the first: the first one's number stays the peer's own.
            return;
        }
        if (before != null && before != number) {
            lastPeer.remove(before);
        }
        Peer former = lastPeer.put(number, peer);
        if (former != null && !former.equals(peer)) {
            lastNumber.remove(former);
        }
        lastNumber.put(peer, number);
    }

    private @Nullable Integer freeNumber(Peer peer) {
        Integer own = lastNumber.get(peer);
        if (own != null && !sessionByNumber.containsKey(own)) {
            return own;
        }
        if (sessionByNumber.size() >= capacity()) {
            return null;
        }
        int start = Math.floorMod(31 * peer.user().hashCode() + peer.profile().hashCode(), capacity());
        if (lastPeer.size() < capacity()) {
            for (int i = 0; i < capacity(); i++) {
                int number = FIRST + (start + i) % capacity();
                if (!sessionByNumber.containsKey(number) && !lastPeer.containsKey(number)) {
                    return number;
                }
            }
        }
        for (Integer number : lastPeer.keySet()) {
            if (!sessionByNumber.containsKey(number)) {
                return number;
            }
        }
        return null;
    }

    private TunnelAddresses addresses(int number) {
        return new TunnelAddresses(
                ipv4.map(prefix -> (Inet4Address) address(prefix, number)),
                ipv6.map(prefix -> (Inet6Address) address(prefix, number)));
    }

    private static InetAddress address(Prefix prefix, int number) {
        byte[] bytes = prefix.address().getAddress();
        bytes[bytes.length - 1] |= (byte) number;
        bytes[bytes.length - 2] |= (byte) (number >> 8);
        try {
            if (bytes.length == 16) {
                // Not by InetAddress: it makes an IPv4 address of a mapped one.
                return Inet6Address.getByAddress(null, bytes, -1);
            }
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The number of a peer's address, or -1. */
    private int number(Prefix prefix, InetAddress address) {
        if (!prefix.contains(address)) {
            return -1;
        }
        byte[] bytes = address.getAddress();
        byte[] base = prefix.address().getAddress();
        for (int i = 0; i < bytes.length - 2; i++) {
            if (bytes[i] != base[i]) {
                return -1;
            }
        }
        int last = bytes.length - 1;
        int number = ((bytes[last - 1] ^ base[last - 1]) & 0xff) << 8 | (bytes[last] ^ base[last]) & 0xff;
        return number >= FIRST && number < end ? number : -1;
    }
}
