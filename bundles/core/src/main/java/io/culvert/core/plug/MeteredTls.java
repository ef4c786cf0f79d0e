package io.culvert.core.plug;

import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tls.TlsStep;
import io.culvert.api.tunnel.CloseCause;
import java.security.cert.X509Certificate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** A provider of TLS whose server handshakes and open engines are counted. */
final class MeteredTls implements TlsProvider {
    private final TlsProvider provider;
    private final Counters counters;
    private final InFlight engines = new InFlight();

    /** Of one module, whose services may come and go. Threads: any. */
    static final class Counters {
        private final LongAdder begun = new LongAdder();
        private final LongAdder completed = new LongAdder();
        private final LongAdder failed = new LongAdder();
        private final LongAdder abandoned = new LongAdder();

        Handshakes handshakes() {
            Map<CloseCause.Kind, Long> causes = new EnumMap<>(CloseCause.Kind.class);
            put(causes, CloseCause.Kind.TLS_FAILED, failed.sum());
            put(causes, CloseCause.Kind.HANDSHAKE_TIMEOUT, abandoned.sum());
            return new Handshakes(begun.sum(), completed.sum(), causes);
        }

        private static void put(Map<CloseCause.Kind, Long> causes, CloseCause.Kind kind, long count) {
            if (count > 0) {
                causes.put(kind, count);
            }
        }
    }

    MeteredTls(TlsProvider provider, Counters counters) {
        this.provider = provider;
        this.counters = counters;
    }

    /** Entered by each engine that is open. */
    InFlight engines() {
        return engines;
    }

    @Override
    public String name() {
        return provider.name();
    }

    @Override
    public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
        counters.begun.increment();
        TlsEngine engine;
        try {
            engine = provider.newServerEngine(policy);
        } catch (TlsException | RuntimeException | LinkageError e) {
            counters.failed.increment();
            throw e;
        }
        engines.enter();
        return new Engine(engine);
    }

    @Override
    public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
        return provider.newClientEngine(policy);
    }

    /** One call at a time, as its user promises. */
    private final class Engine implements TlsEngine {
        private final TlsEngine engine;
        private boolean decided;
        private boolean closed;

        Engine(TlsEngine engine) {
            this.engine = engine;
        }

        private void decided(LongAdder counter) {
            if (!decided) {
                decided = true;
                counter.increment();
            }
        }

        @Override
        public TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
            TlsStep step;
            try {
                step = engine.step(received, messages);
            } catch (TlsException | RuntimeException | LinkageError e) {
                decided(counters.failed);
                throw e;
            }
            if (!decided && engine.handshakeComplete()) {
                decided(counters.completed);
            }
            return step;
        }

        @Override
        public boolean handshakeComplete() {
            return engine.handshakeComplete();
        }

        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public List<X509Certificate> peerCertificates() {
            return engine.peerCertificates();
        }

        @Override
        public byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException {
            return engine.exportKeyingMaterial(label, lengthBytes);
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                decided(counters.abandoned);
                engine.close();
            } finally {
                engines.leave();
            }
        }
    }
}
