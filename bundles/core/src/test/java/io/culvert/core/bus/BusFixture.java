package io.culvert.core.bus;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.net.ipv4.Ipv4;
import io.culvert.net.ipv6.Ipv6;
import io.culvert.core.admission.Admissions;
import io.culvert.core.handover.SessionRecords;
import io.culvert.core.link.FakeLink;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Listener;
import io.culvert.core.link.SteppedPoller;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A packet bus in virtual time, over links and a TUN in memory; whoever asks steps the loop. */
final class BusFixture {
    static final ListenerClaim CLAIM = new ListenerClaim(Transport.UDP, new InetSocketAddress("127.0.0.1", 1194));
    static final InetSocketAddress ALICE = new InetSocketAddress("192.0.2.1", 4001);
    static final InetSocketAddress BOB = new InetSocketAddress("192.0.2.2", 4002);

    final FakeTun tun = new FakeTun();

    /** One for each loop; the first is {@link #tun}. */
    final List<FakeTun> tuns = new ArrayList<>(List.of(tun));

    final NoServices services = new NoServices();
    final Doors doors = new Doors();
    final Records records = new Records();
    final List<FakeLink> links = new ArrayList<>();
    final List<Runnable> heldWork = new ArrayList<>();
    boolean holdWork;
    boolean refuseHandshakes;
    boolean refuseListeners;

    /** The listeners of this loop and of later ones fail as no listener may. */
    int brokenFrom = Integer.MAX_VALUE;

    /** The clock goes on by this much whenever it is read. */
    long tickNs;

    long nowNs = 5_000_000_000L;
    final PacketBus bus;

    BusFixture() {
        this(true, 256);
    }

    BusFixture(boolean clientToClient, int buffers) {
        this(1, clientToClient, buffers, null);
    }

    BusFixture(int loops, boolean clientToClient, int buffers) {
        this(loops, clientToClient, buffers, null);
    }

    /** With several loops; {@link #links} holds one link for each, in their order, again for each attachment. */
    BusFixture(int loops) {
        this(loops, true, 256, null);
    }

    /** Over listeners that the test makes. */
    BusFixture(Function<LinkResources, Listener.Factory> listeners) {
        this(1, true, 256, listeners);
    }

    private BusFixture(
            int loops, boolean clientToClient, int buffers, @Nullable Function<LinkResources, Listener.Factory> listeners) {
        while (tuns.size() < loops) {
            tuns.add(new FakeTun());
        }
        try {
            bus = new PacketBus(new BusSettings(buffers, 1500, clientToClient), new PacketBus.Neighbours(
                    tuns.stream().map(each -> new PacketBus.LoopEnds(each, new SteppedPoller())).toList(),
                    listeners != null ? listeners : resources -> (claim, steering, group) -> {
                        if (refuseListeners) {
                            throw new IOException("cannot listen on " + claim);
                        }
                        if (group.index() >= brokenFrom) {
                            throw new IllegalStateException("asked for");
                        }
                        var link = new FakeLink(claim, resources);
                        links.add(link);
                        return link;
                    },
                    doors,
                    records,
                    services,
                    work -> {
                        if (holdWork) {
                            heldWork.add(work);
                        } else {
                            work.run();
                        }
                    },
                    (work, begun) -> (begun || !refuseHandshakes) && computed(work, begun),
                    () -> nowNs += tickNs,
                    Instant::now,
                    new SecureRandom()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean computed(Runnable work, boolean begun) {
        work.run();
        return true;
    }

    /** Steps until nothing moves any more. */
    void settle() {
        for (int i = 0; i < 5; i++) {
            bus.step();
        }
    }

    void pass(long ns) {
        nowNs += ns;
        settle();
    }

    <T> T ask(CompletionStage<T> stage) {
        for (int i = 0; i < 40 && !stage.toCompletableFuture().isDone(); i++) {
            bus.step();
        }
        return stage.toCompletableFuture().getNow(null);
    }

    /** {@link PacketBus#list} blocks, so another thread asks. */
    List<SessionStatus> list() {
        var answer = CompletableFuture.supplyAsync(bus::list, asking -> Thread.ofVirtual().start(asking));
        while (!answer.isDone()) {
            bus.step();
            Thread.onSpinWait();
        }
        return answer.join();
    }

    FakeLink link() {
        return links.getLast();
    }

    ToyProtocol attach() {
        var protocol = new ToyProtocol("udp", CLAIM);
        ask(bus.attach(protocol));
        return protocol;
    }

    /** Lets a user in; the session is established afterwards, and its datagrams are drained. */
    void join(long key, String user, InetSocketAddress from) {
        link().arrive(ToyProtocol.datagram('H', key, user.getBytes(java.nio.charset.StandardCharsets.UTF_8)), from);
        settle();
        link().drain();
    }

    void send(char letter, long key, byte[] body, InetSocketAddress from) {
        link().arrive(ToyProtocol.datagram(letter, key, body), from);
        settle();
    }

    /** Grants 10.8.0.2 and fd00::2, and so on. */
    static final class Doors implements Admissions {
        /** Several loops admit and release at once. */
        final Map<Long, TunnelAddresses> granted = Collections.synchronizedMap(new LinkedHashMap<>());
        final Map<String, CloseCause> refused = new HashMap<>();
        final Set<Long> released = Collections.synchronizedSet(new HashSet<>());
        AuthDecision decision = new AuthDecision.Accepted(Map.of());
        @Nullable Credentials asked;
        private final AtomicInteger next = new AtomicInteger(2);

        @Override
        public AuthDecision authenticate(Credentials credentials) {
            asked = credentials;
            return decision;
        }

        @Override
        public Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            CloseCause cause = refused.get(peer.user());
            if (cause != null) {
                return new Admission.Refused(cause);
            }
            int host = next.getAndIncrement();
            var addresses = new TunnelAddresses(
                    Optional.of((Inet4Address) InetAddress.ofLiteral("10.8." + host / 256 + "." + host % 256)),
                    Optional.of((Inet6Address) InetAddress.ofLiteral("fd00::" + host)));
            granted.put(sessionId, addresses);
            return new Admission.Granted(addresses, new NetworkSettings(Optional.empty(), Optional.empty(),
                    Optional.empty(), Optional.empty(), 1500, List.of(), false, List.of(), List.of()));
        }

        @Override
        public Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            return admit(peer, sessionId, from);
        }

        @Override
        public boolean restoreFrames(SessionRecord record) {
            return restore(record);
        }

        @Override
        public @Nullable CloseCause recheck(PeerIdentity peer) {
            return refused.get(peer.user());
        }

        @Override
        public void release(long sessionId) {
            released.add(sessionId);
            granted.remove(sessionId);
        }

        @Override
        public boolean restore(SessionRecord record) {
            return granted.putIfAbsent(record.sessionId(), record.addresses()) == null
                    || granted.get(record.sessionId()).equals(record.addresses());
        }
    }

    static final class Records implements SessionRecords {
        /** Several loops save and forget at once. */
        final Map<Long, SessionRecord> stored = Collections.synchronizedMap(new LinkedHashMap<>());
        boolean fails;

        /** When set, a save is answered only by this. */
        @Nullable CompletableFuture<Boolean> answer;


        @Override
        public CompletionStage<Boolean> save(SessionRecord record) {
            if (!fails) {
                stored.put(record.sessionId(), record);
            }
            return answer != null ? answer : CompletableFuture.completedFuture(!fails);
        }

        @Override
        public CompletionStage<Boolean> forget(String protocol, String instance, long sessionId) {
            stored.remove(sessionId);
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public List<SessionRecord> load(String protocol, String instance) {
            synchronized (stored) {
                return stored.values().stream().filter(r -> r.instance().equals(instance)).toList();
            }
        }
    }

    static final class NoServices implements Services {
        /** Those in force; tests take some away. */
        List<NetworkProtocol> networks = List.of(new Ipv4(), new Ipv6());

        @Override
        public Optional<TlsProvider> tls() {
            return Optional.empty();
        }

        @Override
        public Optional<CipherProvider> crypto(DataCipher cipher) {
            return Optional.empty();
        }

        @Override
        public List<DataCipher> ciphers() {
            return List.of();
        }

        @Override
        public Optional<CertificateAuthority> certificates() {
            return Optional.empty();
        }

        @Override
        public List<PayloadCodec> codecs() {
            return List.of();
        }

        List<FrameProtocol> frames = List.of();

        @Override
        public List<FrameProtocol> frames() {
            return frames;
        }

        @Override
        public List<NetworkProtocol> networks() {
            return networks;
        }
    }
}
