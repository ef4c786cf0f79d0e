package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services that core asks, as they come and go: of each kind the best is in force, and of two versions of a module
 * the newer. Threads: any; what goes is waited for, within bounds.
 */
final class Providers {
    private static final Logger LOG = LoggerFactory.getLogger(Providers.class);

    /** How long a question that was asked before may take to be answered. */
    private static final long ANSWER_S = 10;

    final Modules modules = new Modules();
    final TlsChoice tls = new TlsChoice();
    final Offered<CipherProvider> ciphers = new Offered<>();
    private final Offered<CertificateAuthority> authorities = new Offered<>();
    private final Offered<CountedAuthenticator> authenticators = new Offered<>();
    private final Offered<CountedCheck> checks = new Offered<>();

    @Nullable CertificateAuthority authority() {
        return authorities.first();
    }

    List<Authenticator> authenticators() {
        return List.copyOf(authenticators.newest());
    }

    List<AccessCheck> checks() {
        return List.copyOf(checks.newest());
    }

    void addAuthority(ServiceReference<CertificateAuthority> reference, CertificateAuthority service) {
        authorities.add(reference, service);
    }

    void removeAuthority(ServiceReference<CertificateAuthority> reference) {
        authorities.remove(reference);
    }

    void addAuthenticator(ServiceReference<Authenticator> reference, Authenticator service) {
        authenticators.add(reference, new CountedAuthenticator(service, Offered.module(reference), new InFlight()));
    }

    /** From now on nobody asks it; returns when it has answered whoever did. */
    void removeAuthenticator(ServiceReference<Authenticator> reference) {
        CountedAuthenticator gone = authenticators.remove(reference);
        if (gone != null) {
            await(gone.inFlight(), "auth: " + gone.module() + " leaves, and has not answered all within");
        }
    }

    void addCheck(ServiceReference<AccessCheck> reference, AccessCheck service) {
        checks.add(reference, new CountedCheck(service, new InFlight()));
    }

    void removeCheck(ServiceReference<AccessCheck> reference) {
        CountedCheck gone = checks.remove(reference);
        if (gone != null) {
            await(gone.inFlight(), "auth: an access check leaves, and has not answered all within");
        }
    }

    MeteredTls addTls(ServiceReference<TlsProvider> reference, TlsProvider service) {
        MeteredTls metered = tls.add(reference, service);
        modules.add(metered, reference);
        return metered;
    }

    /** Whether no engine of it is open any more, soon. */
    boolean left(MeteredTls gone) {
        modules.remove(gone);
        return await(gone.engines(), "tls: a provider leaves, and connections are still open in it after");
    }

    private static boolean await(InFlight calls, String otherwise) {
        try {
            boolean none = calls.awaitNone(ANSWER_S);
            if (!none) {
                LOG.warn("{} {} s", otherwise, ANSWER_S);
            }
            return none;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
