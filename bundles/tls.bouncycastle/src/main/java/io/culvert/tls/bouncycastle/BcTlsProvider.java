package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/**
 * Engines of Bouncy Castle's TLS. Keys, exchanges and ciphers are the library's own; randomness and path validation are
 * the JDK's. Policies are kept in the library's terms as long as they are asked for, as sessions share a few.
 */
public final class BcTlsProvider implements TlsProvider {
    /** One for each listener's policy and role is plenty. */
    private static final int MAX_TERMS = 16;

    private record Use(TlsPolicy policy, boolean server) {}

    private final BcTlsCrypto crypto = new BcTlsCrypto(new SecureRandom());
    private final Groups groups = new Groups();
    private final LongAdder engines = new LongAdder();

    /** Guarded by itself. */
    private final Map<Use, Terms> terms = new HashMap<>();

    @Override
    public String name() {
        return "bouncycastle";
    }

    @Override
    public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
        if (policy.identity().isEmpty()) {
            throw new TlsException("a TLS server needs a certificate: the policy has no identity");
        }
        var outcome = new Outcome();
        var server = new BcServer(terms(new Use(policy, true)), outcome);
        try {
            engines.increment();
            return new BcTlsEngine(Connection.of(server), outcome);
        } catch (IOException | RuntimeException e) {
            throw new TlsException("Bouncy Castle's TLS cannot meet the policy: " + e.getMessage(), e);
        }
    }

    @Override
    public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
        var outcome = new Outcome();
        var client = new BcClient(terms(new Use(policy, false)), outcome);
        try {
            engines.increment();
            return new BcTlsEngine(Connection.of(client), outcome);
        } catch (IOException | RuntimeException e) {
            throw new TlsException("Bouncy Castle's TLS cannot meet the policy: " + e.getMessage(), e);
        }
    }

    private Terms terms(Use use) throws TlsException {
        synchronized (terms) {
            Terms known = terms.get(use);
            if (known == null) {
                known = Terms.of(use.policy, use.server, crypto, groups);
                if (terms.size() >= MAX_TERMS) {
                    terms.clear();
                }
                terms.put(use, known);
            }
            return known;
        }
    }

    /** Engines made since the provider was. */
    long engines() {
        return engines.sum();
    }
}
