package io.culvert.pki;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.Command;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.pki.PkiException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.security.SecureRandom;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;

/** Brings the authority up when the module is configured and a store is there. */
@Component(
        service = {CertificateAuthority.class, AccessCheck.class, HealthCheck.class},
        configurationPid = PkiConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = PkiSettings.class)
public final class PkiComponent implements CertificateAuthority, AccessCheck, HealthCheck {
    private final Authority authority;
    private final Revoking revoking;
    private final List<ServiceRegistration<Command>> commands;

    @Activate
    public PkiComponent(BundleContext context, @Reference(target = "(culvert.front=true)") Store store, PkiSettings settings) throws PkiException {
        PkiConfig config = PkiConfig.of(
                settings.keyType(),
                settings.authorityName(),
                settings.serverName(),
                settings.authorityDays(),
                settings.serverDays(),
                settings.clientDays(),
                settings.crlDays());
        authority = Authority.open(store, config, InstantSource.system(), new SecureRandom());
        revoking = new Revoking(authority);
        commands = List.of(
                context.registerService(Command.class, new RevokeCommand(revoking), null),
                context.registerService(Command.class, new ProfileListCommand(authority), null));
    }

    @Deactivate
    public void deactivate() {
        commands.forEach(ServiceRegistration::unregister);
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindSessions(LiveSessions sessions) {
        revoking.sessions(sessions);
    }

    void unbindSessions(LiveSessions sessions) {
        // With a greedy reference the next one is bound before the old one leaves.
        if (revoking.sessions() == sessions) {
            revoking.sessions(null);
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindDirectory(UserDirectory directory) {
        revoking.directories().add(directory);
    }

    void unbindDirectory(UserDirectory directory) {
        revoking.directories().remove(directory);
    }

    @Override
    public Identity serverIdentity() throws PkiException {
        return authority.serverIdentity();
    }

    @Override
    public Identity serverIdentity(String purpose, List<String> names) throws PkiException {
        return authority.serverIdentity(purpose, names);
    }

    @Override
    public Identity serverIdentity(String purpose, List<String> names, List<String> lists) throws PkiException {
        return authority.serverIdentity(purpose, names, lists);
    }

    @Override
    public List<X509Certificate> authorities() throws PkiException {
        return authority.authorities();
    }

    @Override
    public Optional<String> refusal(X509Certificate certificate, Instant at) {
        return authority.refusal(certificate, at);
    }

    @Override
    public Optional<String> refusal(PeerIdentity peer) {
        return authority.refusal(peer);
    }

    @Override
    public Issued issue(String user) throws PkiException {
        return authority.issue(user);
    }

    @Override
    public Optional<Issued> latest(String user) throws PkiException {
        return authority.latest(user);
    }

    @Override
    public List<Profile> profiles(String user) {
        return authority.profiles(user);
    }

    @Override
    public List<Profile> revoke(String user, String reason) throws PkiException {
        try {
            return revoking.revoke(user, reason).revoked();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PkiException("the profiles of " + user + " are revoked, but the wait for the end of the sessions"
                    + " was interrupted", e);
        }
    }

    @Override
    public X509CRL crl() throws PkiException {
        return authority.crl();
    }

    @Override
    public String name() {
        return authority.name();
    }

    @Override
    public Map<String, Object> status() {
        return authority.status();
    }
}
