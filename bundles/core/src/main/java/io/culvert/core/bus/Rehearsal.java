package io.culvert.core.bus;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.network.Admission;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.status.PathStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A protocol that waits for another version to leave: it warms up, and thaws the records that it will have to thaw, with
 * hosts that do nothing. So its code is compiled when it is needed, and what it cannot do shows before.
 */
final class Rehearsal implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);

    /** More only takes longer. */
    private static final int RECORDS = 1000;

    private final TunnelProtocol protocol;
    private final String module;
    private final Services services;
    private final Supplier<List<SessionRecord>> records;
    private final SecureRandom random;
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();
    private volatile boolean cancelled;
    private volatile @Nullable Thread runner;
    private volatile String problem = "";

    /** @param records of the instance; may block */
    Rehearsal(
            TunnelProtocol protocol,
            Services services,
            Supplier<List<SessionRecord>> records,
            SecureRandom random) {
        this.protocol = protocol;
        this.module = services.moduleOf(protocol);
        this.services = services;
        this.records = records;
        this.random = random;
    }

    TunnelProtocol protocol() {
        return protocol;
    }

    String module() {
        return module;
    }

    /** Completes when nothing of the protocol's code runs any more, with whether it was heard to the end. */
    CompletableFuture<Boolean> over() {
        return over;
    }

    PathStatus.Waiting status() {
        return new PathStatus.Waiting(module, over.isDone(), problem);
    }

    boolean hasProblem() {
        return !problem.isEmpty();
    }

    /** Ends it, soon: see {@link #over}. */
    void cancel() {
        cancelled = true;
        Thread running = runner;
        if (running != null) {
            running.interrupt();
        }
    }

    @Override
    public void run() {
        runner = Thread.currentThread();
        try {
            if (!cancelled) {
                protocol.prepare();
                thawAll();
            }
        } catch (Throwable t) {
            problem = "it fails when it is prepared: " + t;
            LOG.warn("core: {} waits to serve {} instance={}, but {}", module, protocol.name(), protocol.instance(),
                    problem, t);
        } finally {
            runner = null;
            Thread.interrupted();
            over.complete(!cancelled);
        }
    }

    private void thawAll() {
        List<SessionRecord> all = records.get();
        int failed = 0;
        int tried = 0;
        Throwable first = null;
        for (SessionRecord record : all.subList(0, Math.min(all.size(), RECORDS))) {
            if (cancelled) {
                return;
            }
            tried++;
            try {
                thaw(record);
            } catch (HandoverException | RuntimeException | LinkageError e) {
                failed++;
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            String why = first instanceof HandoverException ? String.valueOf(first.getMessage()) : first.toString();
            problem = failed + " of " + tried + " sessions could not move to it: " + why;
            LOG.warn("core: {} waits to serve {} instance={}, but {}", module, protocol.name(), protocol.instance(),
                    problem, first);
        }
    }

    private void thaw(SessionRecord record) throws HandoverException {
        long nowNs = System.nanoTime();
        TunnelSession session =
                protocol.thaw(record, new Paper(record.endpoint()), new Stage(), new Place(record.sessionId()), nowNs);
        try {
            session.freeze();
            session.resumeLive(session.freezeLive(), nowNs);
        } finally {
            session.closed();
        }
    }

    private record Paper(RemoteEnd end) implements Endpoint {
        @Override
        public Transport transport() {
            return end.transport();
        }

        @Override
        public InetSocketAddress remote() {
            return end.remote();
        }

        @Override
        public InetAddress local() {
            return end.local();
        }

        @Override
        public int localPort() {
            return end.localPort();
        }

        @Override
        public long keyedHash() {
            return end.hashCode();
        }
    }

    private final class Stage implements TunnelHost {
        @Override
        public SessionHost newSession(Endpoint remote) {
            throw new IllegalStateException("no session begins in a rehearsal");
        }

        @Override
        public int sessionCount() {
            return 0;
        }

        @Override
        public int loopIndex() {
            return 0;
        }

        @Override
        public int loopCount() {
            return 1;
        }

        @Override
        public Optional<TlsProvider> tls() {
            return services.tls();
        }

        @Override
        public Optional<CipherProvider> crypto(DataCipher cipher) {
            return services.crypto(cipher);
        }

        @Override
        public List<DataCipher> ciphers() {
            return services.ciphers();
        }

        @Override
        public Optional<CertificateAuthority> certificates() {
            return services.certificates();
        }

        @Override
        public long wallTimeSeconds() {
            return System.currentTimeMillis() / 1000;
        }

        @Override
        public void random(byte[] target) {
            random.nextBytes(target);
        }
    }

    /** Whatever the session asks for does not happen. */
    private record Place(long sessionId) implements SessionHost {
        @Override
        public void bind(long sessionKey) {}

        @Override
        public void unbind(long sessionKey) {}

        @Override
        public void floated(Endpoint to) {}

        @Override
        public <T> void offload(Callable<T> work, Completion<T> then) {}

        @Override
        public void authenticate(Credentials credentials, Answer<AuthDecision> then) {
            credentials.zero();
        }

        @Override
        public void admit(PeerIdentity peer, Answer<Admission> then) {}

        @Override
        public void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then) {}

        @Override
        public void save(Answer<Boolean> then) {}

        @Override
        public void established() {}

        @Override
        public void close(CloseCause cause) {}
    }
}
