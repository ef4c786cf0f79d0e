package io.culvert.pki;

import io.culvert.api.pki.CertificateAuthority.Issued;
import io.culvert.api.pki.CertificateAuthority.Profile;
import io.culvert.api.pki.PkiException;
import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What was issued and what was revoked: in the store, and without the keys in memory, where a handshake can ask without
 * waiting. Records: {@code pki/profile/<user in hex>/<serial>} and {@code pki/revoked/<serial>}.
 *
 * <p>Questions may come from any thread, changes from one at a time.
 */
final class Profiles {
    /** Two operations each; the store takes 128 in one transaction. */
    private static final int REVOKED_AT_ONCE = 64;

    private record Known(Profile profile, long revision) {}

    private final Records records;
    private final Map<String, Known> issued = new ConcurrentHashMap<>();
    private final Map<String, Revocation> revoked = new ConcurrentHashMap<>();

    private Profiles(Records records) {
        this.records = records;
    }

    static Profiles load(Records records) throws PkiException {
        var profiles = new Profiles(records);
        for (Entry entry : records.list("pki/revoked/")) {
            Revocation revocation = revocation(entry);
            profiles.revoked.put(revocation.id(), revocation);
        }
        for (Entry entry : records.list("pki/profile/")) {
            Profile profile = issued(entry).profile();
            profiles.issued.put(profile.id(), new Known(profile, entry.revision()));
        }
        return profiles;
    }

    /** Neither revoked nor expired, oldest first; of every user when {@code user} is null. */
    List<Profile> valid(@Nullable String user, Instant now) {
        return issued.values().stream()
                .filter(known -> user == null || known.profile().user().equals(user))
                .filter(known -> now.isBefore(known.profile().notAfter()))
                .sorted(Comparator.comparing((Known known) -> user == null ? known.profile().user() : "")
                        .thenComparingLong(Known::revision))
                .map(Known::profile)
                .toList();
    }

    Optional<Profile> issued(String id) {
        return Optional.ofNullable(issued.get(id)).map(Known::profile);
    }

    Optional<Revocation> revoked(String id) {
        return Optional.ofNullable(revoked.get(id));
    }

    Collection<Revocation> revoked() {
        return revoked.values();
    }

    int count() {
        return issued.size();
    }

    /** The profile with its key; empty when it was revoked meanwhile. */
    Optional<Issued> read(Profile profile) throws PkiException {
        Optional<Entry> entry = records.read(key(profile));
        return entry.isPresent() ? Optional.of(issued(entry.get())) : Optional.empty();
    }

    /** Durable when it returns. */
    void add(Issued issue) throws PkiException {
        Profile profile = issue.profile();
        byte[] value;
        try {
            value = Fields.encode(
                    Fields.text(profile.user()),
                    issue.identity().chain().getFirst().getEncoded(),
                    issue.identity().key().getEncoded());
        } catch (GeneralSecurityException e) {
            throw new PkiException("cannot encode the certificate of " + profile.user() + ": " + e.getMessage(), e);
        }
        var put = List.<Op>of(new Op.Put(key(profile), value));
        for (int attempt = 0; attempt < Records.ATTEMPTS; attempt++) {
            OptionalLong revision = records.commit(List.of(Guard.absent(key(profile))), put);
            if (revision.isEmpty()) {
                // The store may have done it and not known: the serial number is ours alone.
                revision = records.read(key(profile)).stream().mapToLong(Entry::revision).findFirst();
            }
            if (revision.isPresent()) {
                issued.put(profile.id(), new Known(profile, revision.getAsLong()));
                return;
            }
        }
        throw records.gaveUp("the profile of " + profile.user());
    }

    /** Revokes what {@code user} has, expired profiles included, and forgets its keys; durable when it returns. */
    List<Profile> revoke(String user, Instant at, String reason) throws PkiException {
        List<Profile> all = issued.values().stream()
                .filter(known -> known.profile().user().equals(user))
                .sorted(Comparator.comparingLong(Known::revision))
                .map(Known::profile)
                .toList();
        for (int from = 0; from < all.size(); from += REVOKED_AT_ONCE) {
            revoke(all.subList(from, Math.min(all.size(), from + REVOKED_AT_ONCE)), at, reason);
        }
        return all;
    }

    /** Revokes one and forgets its key; durable when it returns. */
    void revoke(Profile profile, Instant at, String reason) throws PkiException {
        revoke(List.of(profile), at, reason);
    }

    private void revoke(List<Profile> some, Instant at, String reason) throws PkiException {
        List<Op> ops = new ArrayList<>();
        for (Profile profile : some) {
            ops.add(new Op.Put(
                    "pki/revoked/" + profile.id(),
                    Fields.encode(
                            Fields.text(profile.user()),
                            Fields.time(profile.notBefore()),
                            Fields.time(profile.notAfter()),
                            Fields.time(at),
                            Fields.text(reason))));
            ops.add(new Op.Delete(key(profile)));
        }
        // Can be done twice without harm, so a store that cannot tell is simply asked again.
        for (int attempt = 0; attempt < Records.ATTEMPTS; attempt++) {
            if (records.commit(List.of(), ops).isPresent()) {
                for (Profile profile : some) {
                    revoked.put(profile.id(), new Revocation(profile, at, reason));
                    issued.remove(profile.id());
                }
                return;
            }
        }
        throw records.gaveUp("the revocation of " + some.getFirst().user());
    }

    private static String key(Profile profile) {
        // User names have characters that keys must not have.
        String user = HexFormat.of().formatHex(profile.user().getBytes(StandardCharsets.UTF_8));
        return "pki/profile/" + user + "/" + profile.id();
    }

    private static Issued issued(Entry entry) throws PkiException {
        Fields fields = Fields.of(entry);
        String user = fields.nextText();
        try {
            X509Certificate certificate = X509.read(fields.next());
            PrivateKey key = KeyType.read(fields.next(), certificate.getPublicKey());
            return new Issued(profile(user, certificate), new Identity(key, List.of(certificate)));
        } catch (GeneralSecurityException e) {
            throw Fields.damaged(entry.key());
        }
    }

    static Profile profile(String user, X509Certificate certificate) {
        return new Profile(
                X509.hex(certificate.getSerialNumber()),
                user,
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    private static Revocation revocation(Entry entry) throws PkiException {
        Fields fields = Fields.of(entry);
        String id = entry.key().substring(entry.key().lastIndexOf('/') + 1);
        var profile = new Profile(id, fields.nextText(), fields.nextTime(), fields.nextTime());
        return new Revocation(profile, fields.nextTime(), fields.nextText());
    }
}
