package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.Identity;
import io.culvert.api.tls.TlsProvider;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Engines of the system's OpenSSL. Contexts are kept as long as the same identity and anchors are asked for: they are
 * dear to make, and hold no state of a connection. Engines outlive the provider, as sessions keep theirs until there is
 * another one.
 */
public final class OpenSslTlsProvider implements TlsProvider, AutoCloseable {
    /** One for each listener's policy and role is plenty. */
    private static final int MAX_CONTEXTS = 16;

    private record Use(TlsPolicy policy, boolean server) {}

    private final KeyLog keyLog = new KeyLog();

    /** Guarded by this. */
    private final Map<Use, Context> contexts = new HashMap<>();

    /** Of all contexts. Guarded by this. */
    private Optional<Identity> identity = Optional.empty();

    /** Of all contexts. Guarded by this. */
    private List<X509Certificate> anchors = List.of();

    private boolean closed;

    @Override
    public String name() {
        return "openssl";
    }

    @Override
    public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
        if (policy.identity().isEmpty()) {
            throw new TlsException("a TLS server needs a certificate: the policy has no identity");
        }
        return engine(new Use(policy, true));
    }

    @Override
    public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
        return engine(new Use(policy, false));
    }

    private synchronized TlsEngine engine(Use use) throws TlsException {
        if (closed) {
            throw new TlsException("the module tls.openssl has stopped");
        }
        if (!use.policy.identity().equals(identity) || !use.policy.trustAnchors().equals(anchors)
                || contexts.size() > MAX_CONTEXTS) {
            forget();
            identity = use.policy.identity();
            anchors = use.policy.trustAnchors();
        }
        Context context = contexts.get(use);
        if (context == null) {
            context = new Context(use.policy, use.server, keyLog);
            contexts.put(use, context);
        }
        return new OpenSslTlsEngine(context.newConnection(), use.server ? keyLog : null);
    }

    private void forget() {
        contexts.values().forEach(Context::close);
        contexts.clear();
        identity = Optional.empty();
        anchors = List.of();
    }

    /** Makes no more engines; those that were made go on. */
    @Override
    public synchronized void close() {
        closed = true;
        forget();
    }
}
