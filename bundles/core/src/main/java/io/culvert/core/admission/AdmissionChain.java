package io.culvert.core.admission;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admission by the authenticators and access checks in force. Whatever is not clearly allowed is refused: no
 * authenticator, a name that nobody knows, an exception.
 */
public final class AdmissionChain implements Admissions {
    /** The attribute of a user that fixes its IPv4 address. */
    public static final String ADDRESS_ATTRIBUTE = "address";

    private static final Logger log = LoggerFactory.getLogger(AdmissionChain.class);
    private static final String NOT_ALLOWED = "access denied";

    private final AuthenticatorChain authenticators;
    private final Supplier<List<AccessCheck>> checks;
    private final Network packets;
    private final Network frames;
    private final Limits limits;
    private final SessionEnd sessions;

    /** The sessions that hold a grant. Guarded by this. */
    private final Map<Long, Admitted> admitted = new HashMap<>();

    /** The session that is from a place. Guarded by this. */
    private final Map<InetSocketAddress, Long> byPlace = new HashMap<>();

    private record Admitted(PeerIdentity peer, InetSocketAddress place) {
        boolean isOf(PeerIdentity other) {
            return peer.user().equals(other.user()) && peer.profile().equals(other.profile());
        }
    }

    /**
     * A network that peers get a place in.
     *
     * @param settings what peers are told; the prefixes are those of {@code pool}
     * @param pool where their addresses are from; without it they are given none
     */
    public record Network(NetworkSettings settings, Optional<AddressPool> pool) {
        private void release(long sessionId) {
            pool.ifPresent(addresses -> addresses.release(sessionId));
        }

        private void pass(long sessionId, long to) {
            pool.ifPresent(addresses -> addresses.pass(sessionId, to));
        }
    }

    /**
     * How much is let in.
     *
     * @param maxSessions at once
     * @param duplicateLogins whether a peer, that is a user with one profile, may have several sessions; else the
     *     newest one replaces the others
     */
    public record Limits(int maxSessions, boolean duplicateLogins) {}

    /**
     * @param authenticators who says that a peer is who it claims to be
     * @param checks those in force; called for each admission
     * @param packets of sessions that carry IP packets; has addresses
     * @param frames of sessions that carry Ethernet frames
     * @param sessions ends the sessions that are replaced
     */
    public AdmissionChain(
            AuthenticatorChain authenticators,
            Supplier<List<AccessCheck>> checks,
            Network packets,
            Network frames,
            Limits limits,
            SessionEnd sessions) {
        this.authenticators = authenticators;
        this.checks = checks;
        this.packets = packets;
        this.frames = frames;
        this.limits = limits;
        this.sessions = sessions;
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) {
        return authenticators.authenticate(credentials);
    }

    @Override
    public Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from) {
        return admit(peer, sessionId, from, packets);
    }

    @Override
    public Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from) {
        return admit(peer, sessionId, from, frames);
    }

    private Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from, Network network) {
        Optional<String> refusal = refusal(peer);
        if (refusal.isPresent()) {
            return refused(Kind.REFUSED, refusal.get());
        }
        try {
            @Nullable Long former = formerAt(from, peer, sessionId);
            if (!limits.duplicateLogins()) {
                endOthers(peer, sessionId, former);
            }
            if (former == null) {
                return reserve(peer, sessionId, from, network);
            }
            Admission admission = inherit(peer, sessionId, from, former, network);
            if (admission instanceof Admission.Granted) {
                replace(former, sessionId, cause -> sessions.bequeath(former, sessionId, cause));
            }
            return admission;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            release(sessionId);
            return refused(Kind.SHUTDOWN, "interrupted while the former session of the peer was ended");
        }
    }

    /**
     * The session that the peer has already from the same place, as it negotiates anew without having begun anew: it sends
     * under what it had until it has something else, and for a while after that.
     */
    private synchronized @Nullable Long formerAt(InetSocketAddress place, PeerIdentity peer, long sessionId) {
        Long there = byPlace.get(place);
        Admitted admission = there == null || there == sessionId ? null : admitted.get(there);
        return admission != null && admission.isOf(peer) ? there : null;
    }

    /** Ends the peer's sessions but for this one and the one that it inherits. */
    private void endOthers(PeerIdentity peer, long sessionId, @Nullable Long former) throws InterruptedException {
        var asked = new HashSet<Long>();
        if (former != null) {
            asked.add(former);
        }
        while (true) {
            List<Long> others = others(peer, sessionId, asked);
            if (others.isEmpty()) {
                return;
            }
            for (long other : others) {
                asked.add(other);
                replace(other, sessionId, cause -> sessions.end(other, cause));
            }
        }
    }

    private interface Ending {
        void of(CloseCause cause) throws InterruptedException;
    }

    private void replace(long sessionId, long by, Ending ending) throws InterruptedException {
        String newer = Long.toHexString(by);
        try {
            ending.of(new CloseCause(
                    Kind.REPLACED, "replaced by session " + newer + " of the same peer", "replaced by a newer session"));
        } catch (RuntimeException e) {
            log.warn("session={}: could not be ended in favour of session {}", Long.toHexString(sessionId), newer, e);
        }
    }

    private synchronized List<Long> others(PeerIdentity peer, long sessionId, Set<Long> without) {
        var others = new ArrayList<Long>();
        admitted.forEach((id, owner) -> {
            if (id != sessionId && !without.contains(id) && owner.isOf(peer)) {
                others.add(id);
            }
        });
        return others;
    }

    /** As {@link #reserve}, with the addresses of the former session, and in its stead. */
    private synchronized Admission inherit(
            PeerIdentity peer, long sessionId, InetSocketAddress from, long former, Network network) {
        Admitted before = admitted.remove(former);
        packets.pass(former, sessionId);
        frames.pass(former, sessionId);
        Admission admission = reserve(peer, sessionId, from, network);
        if (before != null && !(admission instanceof Admission.Granted)) {
            packets.pass(sessionId, former);
            frames.pass(sessionId, former);
            admitted.put(former, before);
        }
        return admission;
    }

    private synchronized Admission reserve(
            PeerIdentity peer, long sessionId, InetSocketAddress from, Network network) {
        if (!admitted.containsKey(sessionId) && admitted.size() >= limits.maxSessions()) {
            return refused(Kind.OVERLOAD, "core.maxSessions = " + limits.maxSessions() + " is reached");
        }
        if (network.pool().isEmpty()) {
            hold(sessionId, new Admitted(peer, from));
            return new Admission.Granted(new TunnelAddresses(Optional.empty(), Optional.empty()), network.settings());
        }
        AddressPool pool = network.pool().get();
        Optional<TunnelAddresses> addresses;
        String fixed = peer.attributes().get(ADDRESS_ATTRIBUTE);
        // A user's own address is one of the routed network; beside others, the bridged one may have it, too.
        if (fixed == null || network == frames && !has(network, fixed)) {
            addresses = pool.take(peer, sessionId);
            if (addresses.isEmpty()) {
                return refused(Kind.OVERLOAD, "all " + pool.capacity() + " addresses are in use: widen core."
                        + (network == frames ? "tapIpv4" : "ipv4"));
            }
        } else {
            try {
                addresses = pool.take(peer, sessionId, InetAddress.ofLiteral(fixed));
            } catch (IllegalArgumentException e) {
                return refused(Kind.REFUSED, "address of user " + peer.user() + ": " + e.getMessage());
            }
            if (addresses.isEmpty()) {
                return refused(Kind.OVERLOAD, "address " + fixed + " of user " + peer.user() + " is in use");
            }
        }
        hold(sessionId, new Admitted(peer, from));
        return new Admission.Granted(addresses.get(), network.settings());
    }

    private static boolean has(Network network, String address) {
        try {
            InetAddress literal = InetAddress.ofLiteral(address);
            return network.settings().ipv4().filter(prefix -> prefix.contains(literal)).isPresent();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Admission.Refused refused(Kind kind, String logText) {
        return new Admission.Refused(new CloseCause(kind, logText, NOT_ALLOWED));
    }

    @Override
    public @Nullable CloseCause recheck(PeerIdentity peer) {
        return refusal(peer)
                .map(why -> new CloseCause(Kind.REVOKED, why, NOT_ALLOWED))
                .orElse(null);
    }

    /** Why not, of every check that has something against the peer. */
    private Optional<String> refusal(PeerIdentity peer) {
        var reasons = new ArrayList<String>();
        for (AccessCheck check : checks.get()) {
            try {
                check.refusal(peer).ifPresent(reasons::add);
            } catch (Exception | LinkageError e) {
                log.warn("auth user={}: access check {} failed, refused", peer.user(), check.getClass().getName(), e);
                reasons.add("access check " + check.getClass().getName() + " failed: " + e);
            }
        }
        return reasons.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", reasons));
    }

    private void hold(long sessionId, Admitted admission) {
        admitted.put(sessionId, admission);
        byPlace.put(admission.place, sessionId);
    }

    @Override
    public synchronized void moved(long sessionId, InetSocketAddress to) {
        Admitted before = admitted.get(sessionId);
        if (before != null) {
            byPlace.remove(before.place, sessionId);
            hold(sessionId, new Admitted(before.peer, to));
        }
    }

    @Override
    public synchronized void release(long sessionId) {
        Admitted before = admitted.remove(sessionId);
        if (before != null) {
            byPlace.remove(before.place, sessionId);
        }
        packets.release(sessionId);
        frames.release(sessionId);
    }

    @Override
    public synchronized boolean restore(SessionRecord record) {
        return restore(record, packets);
    }

    @Override
    public synchronized boolean restoreFrames(SessionRecord record) {
        return restore(record, frames);
    }

    private boolean restore(SessionRecord record, Network network) {
        TunnelAddresses addresses = record.addresses();
        boolean fits = network.pool()
                .map(pool -> pool.restore(record.peer(), record.sessionId(), addresses))
                .orElseGet(() -> addresses.ipv4().isEmpty() && addresses.ipv6().isEmpty());
        if (!fits) {
            return false;
        }
        hold(record.sessionId(), new Admitted(record.peer(), record.endpoint().remote()));
        return true;
    }
}
