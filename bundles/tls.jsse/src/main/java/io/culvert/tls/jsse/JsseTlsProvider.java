package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Engines of the JDK's TLS. A context is kept as long as the same identity and anchors are asked for: it is dear to
 * make, and holds no state of a connection that matters, as sessions are never resumed.
 */
@Component
public final class JsseTlsProvider implements TlsProvider {
    /** AEAD with forward secrecy; the JDK's default order otherwise. */
    private static final List<String> SUITES = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256");

    private static final Logger LOG = LoggerFactory.getLogger(JsseTlsProvider.class);

    /** The lists of groups whose unknown names the log has told. */
    private final Set<List<String>> told = ConcurrentHashMap.newKeySet();

    private volatile @Nullable Cached cached;

    @Override
    public String name() {
        return "jsse";
    }

    @Override
    public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
        if (policy.identity().isEmpty()) {
            throw new TlsException("a TLS server needs a certificate: the policy has no identity");
        }
        SSLEngine engine = engine(policy);
        engine.setUseClientMode(false);
        SSLParameters parameters = parameters(policy, engine);
        switch (policy.peerCertificate()) {
            case REQUIRED -> parameters.setNeedClientAuth(true);
            case OPTIONAL -> parameters.setWantClientAuth(true);
            case NOT_ASKED -> parameters.setWantClientAuth(false);
        }
        return started(engine, parameters);
    }

    @Override
    public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
        SSLEngine engine = engine(policy);
        engine.setUseClientMode(true);
        return started(engine, parameters(policy, engine));
    }

    private SSLEngine engine(TlsPolicy policy) throws TlsException {
        Cached now = cached;
        if (now == null || !now.serves(policy)) {
            now = new Cached(policy, Contexts.of(policy));
            cached = now;
        }
        return now.context.createSSLEngine();
    }

    private SSLParameters parameters(TlsPolicy policy, SSLEngine engine) throws TlsException {
        var parameters = new SSLParameters();
        parameters.setProtocols(
                policy.minVersion() == policy.maxVersion()
                        ? new String[] {wireName(policy.minVersion())}
                        : new String[] {"TLSv1.3", "TLSv1.2"});
        parameters.setUseCipherSuitesOrder(true);
        List<String> suites = policy.suites().isEmpty() ? SUITES : policy.suites();
        parameters.setCipherSuites(suites.toArray(String[]::new));
        if (!policy.groups().isEmpty()) {
            parameters.setNamedGroups(groups(policy.groups(), List.of(engine.getSSLParameters().getNamedGroups())));
        }
        return parameters;
    }

    /** Those of the wanted that the JDK has; others it would pass over in silence. */
    private String[] groups(List<String> wanted, List<String> known) throws TlsException {
        List<String> had = wanted.stream().filter(known::contains).toList();
        if (had.isEmpty()) {
            throw new TlsException("the JDK's TLS has none of the policy's groups " + wanted);
        }
        if (had.size() < wanted.size() && told.add(wanted)) {
            LOG.info(
                    "jsse: goes on without the groups {}, which it does not have",
                    wanted.stream().filter(group -> !known.contains(group)).toList());
        }
        return had.toArray(String[]::new);
    }

    private static TlsEngine started(SSLEngine engine, SSLParameters parameters) throws TlsException {
        try {
            engine.setSSLParameters(parameters);
            engine.beginHandshake();
        } catch (IllegalArgumentException | IllegalStateException | javax.net.ssl.SSLException e) {
            throw new TlsException("the JDK's TLS cannot meet the policy: " + e.getMessage(), e);
        }
        return new JsseTlsEngine(engine);
    }

    private static String wireName(TlsPolicy.Version version) {
        return switch (version) {
            case TLS_1_2 -> "TLSv1.2";
            case TLS_1_3 -> "TLSv1.3";
        };
    }

    private record Cached(TlsPolicy policy, SSLContext context) {
        boolean serves(TlsPolicy other) {
            return policy.identity().equals(other.identity())
                    && policy.trustAnchors().equals(other.trustAnchors());
        }
    }
}
