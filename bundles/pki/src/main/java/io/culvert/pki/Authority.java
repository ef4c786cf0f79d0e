package io.culvert.pki;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.pki.PkiException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authority. Has no thread: certificates and the revocation list are renewed by whoever asks for them first after
 * they are due, long before they end.
 */
final class Authority implements CertificateAuthority, AccessCheck, HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(Authority.class);
    private static final Pattern USER = Pattern.compile("[A-Za-z0-9._@-]{1,64}");

    private final PkiConfig config;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Profiles profiles;
    private final Renewing<X509.Signer> authority;
    private final Renewing<Identity> server;
    private final Renewing<CrlKept.Numbered> crl;
    private final Records records;
    private final Map<String, Named> named = new ConcurrentHashMap<>();
    private final ReentrantLock changes = new ReentrantLock();

    private Authority(
            PkiConfig config, InstantSource clock, SecureRandom random, Records records, Profiles profiles) {
        this.config = config;
        this.clock = clock;
        this.random = random;
        this.profiles = profiles;
        this.records = records;
        var authorityKept = new AuthorityKept(records, config, random);
        this.authority = new Renewing<>("authority", clock, authorityKept, authorityKept);
        var serverKept = new ServerKept(records, config, random, authority);
        this.server = new Renewing<>("server certificate", clock, serverKept, serverKept);
        var crlKept = new CrlKept(records, config, authority, profiles::revoked);
        this.crl = new Renewing<>("revocation list", clock, crlKept, crlKept);
    }

    /** The authority that {@code store} has, or a new one. */
    static Authority open(Store store, PkiConfig config, InstantSource clock, SecureRandom random)
            throws PkiException {
        var records = new Records(store);
        var opened = new Authority(config, clock, random, records, Profiles.load(records));
        opened.serverIdentity();
        opened.crl();
        return opened;
    }

    @Override
    public Identity serverIdentity() throws PkiException {
        authority.get();
        return server.get();
    }

    private record Named(List<String> names, List<String> lists, Renewing<Identity> identity) {}

    @Override
    public Identity serverIdentity(String purpose, List<String> names) throws PkiException {
        return serverIdentity(purpose, names, List.of());
    }

    @Override
    public Identity serverIdentity(String purpose, List<String> names, List<String> lists) throws PkiException {
        if (!purpose.matches("[a-z0-9-]{1,32}")) {
            throw new PkiException("'" + purpose + "' is no purpose: lower-case letters, digits and '-', at most 32");
        }
        authority.get();
        List<String> sorted = names.stream().distinct().sorted().toList();
        return named.compute(purpose, (_, known) -> known != null && known.names().equals(sorted) && known.lists().equals(lists)
                        ? known
                        : new Named(sorted, List.copyOf(lists), renewing(purpose, sorted, lists)))
                .identity()
                .get();
    }

    private Renewing<Identity> renewing(String purpose, List<String> names, List<String> lists) {
        var kept = new ServerKept("pki/server/" + purpose, names, lists, records, config, random, authority);
        return new Renewing<>(purpose + " certificate", clock, kept, kept);
    }

    @Override
    public List<X509Certificate> authorities() throws PkiException {
        return List.of(authority.get().certificate());
    }

    @Override
    public X509CRL crl() throws PkiException {
        return crl.get().crl();
    }

    @Override
    public Optional<String> refusal(X509Certificate certificate, Instant at) {
        String id = X509.hex(certificate.getSerialNumber());
        Optional<String> known = refusal(id, at);
        if (known.isPresent()) {
            return known;
        }
        if (at.isBefore(certificate.getNotBefore().toInstant())) {
            return Optional.of("certificate " + id + " is not valid before " + certificate.getNotBefore().toInstant()
                    + ": compare the clocks");
        }
        return isForClients(certificate) ? Optional.empty() : Optional.of("certificate " + id + " is not for clients");
    }

    @Override
    public Optional<String> refusal(PeerIdentity peer) {
        return peer.profile().isEmpty() ? Optional.empty() : refusal(peer.profile(), clock.instant());
    }

    private Optional<String> refusal(String id, Instant at) {
        Optional<Revocation> revocation = profiles.revoked(id);
        if (revocation.isPresent()) {
            return Optional.of("profile " + id + " of " + revocation.get().profile().user() + " was revoked at "
                    + revocation.get().at() + ": " + revocation.get().reason());
        }
        Optional<Profile> profile = profiles.issued(id);
        if (profile.isEmpty()) {
            // Nobody could revoke it: it has no name here.
            return Optional.of("profile " + id + " is not among those that this authority has issued to clients");
        }
        if (!at.isBefore(profile.get().notAfter())) {
            return Optional.of("profile " + id + " of " + profile.get().user() + " has expired at "
                    + profile.get().notAfter() + ": issue a new one");
        }
        return Optional.empty();
    }

    private static boolean isForClients(X509Certificate certificate) {
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            return purposes != null && purposes.contains(KeyPurposeId.id_kp_clientAuth.getId());
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    @Override
    public Issued issue(String user) throws PkiException {
        if (!USER.matcher(user).matches()) {
            throw new PkiException("the user name must be 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
        }
        KeyPair pair = config.keyType().generate(random);
        changes.lock();
        try {
            Instant from = X509.start(clock.instant());
            X509Certificate certificate = X509.endEntity(
                    authority.get(),
                    user,
                    pair.getPublic(),
                    X509.Purpose.CLIENT,
                    X509.newSerial(random),
                    from,
                    from.plus(config.clientValidity()));
            var issued =
                    new Issued(Profiles.profile(user, certificate), new Identity(pair.getPrivate(), List.of(certificate)));
            profiles.add(issued);
            LOG.info("pki user={}: issued profile {} until {}", user, issued.profile().id(), issued.profile().notAfter());
            return issued;
        } finally {
            changes.unlock();
        }
    }

    @Override
    public Optional<Issued> latest(String user) throws PkiException {
        for (Profile profile : profiles(user).reversed()) {
            Optional<Issued> issued = profiles.read(profile);
            if (issued.isPresent()) {
                return issued;
            }
        }
        return Optional.empty();
    }

    @Override
    public List<Profile> profiles(String user) {
        return profiles.valid(user, clock.instant());
    }

    /** Of every user, in the order of their names. */
    List<Profile> profiles() {
        return profiles.valid(null, clock.instant());
    }

    /** How many profiles of {@code user} are revoked. */
    long revoked(String user) {
        return profiles.revoked().stream()
                .filter(revocation -> revocation.profile().user().equals(user))
                .count();
    }

    @Override
    public List<Profile> revoke(String user, String reason) throws PkiException {
        changes.lock();
        try {
            List<Profile> revoked = profiles.revoke(user, clock.instant(), reason);
            for (Profile profile : revoked) {
                LOG.info("pki user={}: revoked profile {}: {}", user, profile.id(), reason);
            }
            publish();
            return revoked;
        } finally {
            changes.unlock();
        }
    }

    /**
     * Revokes one profile of a user who keeps the others.
     *
     * @return empty when there is none of that id that is not revoked
     */
    Optional<Profile> revokeOne(String id, String reason) throws PkiException {
        changes.lock();
        try {
            Optional<Profile> profile = profiles.issued(id);
            if (profile.isPresent()) {
                profiles.revoke(profile.get(), clock.instant(), reason);
                LOG.info("pki user={}: revoked profile {}: {}", profile.get().user(), id, reason);
                publish();
            }
            return profile;
        } finally {
            changes.unlock();
        }
    }

    /** The revocation stands without the list, so a list that cannot be made now is made when it is asked for. */
    private void publish() {
        try {
            crl.get();
        } catch (PkiException e) {
            LOG.warn("pki: the revocation list is not up to date yet: {}", e.getMessage());
        }
    }

    @Override
    public String name() {
        return "pki";
    }

    @Override
    public Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        X509.@Nullable Signer signer = authority.peek();
        if (signer != null) {
            X509Certificate certificate = signer.certificate();
            facts.put("authority", AuthorityKept.commonName(certificate.getSubjectX500Principal()));
            facts.put("authorityUntil", certificate.getNotAfter().toInstant().toString());
        }
        @Nullable Identity identity = server.peek();
        if (identity != null) {
            X509Certificate leaf = identity.chain().getFirst();
            facts.put("server", AuthorityKept.commonName(leaf.getSubjectX500Principal()));
            facts.put("serverUntil", leaf.getNotAfter().toInstant().toString());
        }
        CrlKept.@Nullable Numbered list = crl.peek();
        if (list != null) {
            facts.put("crlNumber", list.number().toString());
            facts.put("crlNextUpdate", list.crl().getNextUpdate().toInstant().toString());
        }
        facts.put("profiles", profiles.count());
        facts.put("revoked", profiles.revoked().size());
        List<String> problems = Stream.of(authority.problem(), server.problem(), crl.problem())
                .filter(Objects::nonNull)
                .toList();
        if (!problems.isEmpty()) {
            facts.put("problem", String.join("; ", problems));
        }
        return facts;
    }
}
