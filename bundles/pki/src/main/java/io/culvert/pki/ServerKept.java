package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The server's key and certificate; both are made anew when two thirds of the certificate's life are over. */
final class ServerKept extends Kept<Identity> {
    private final PkiConfig config;
    private final SecureRandom random;
    private final Renewing<X509.Signer> authority;
    private final List<String> names;
    private final List<String> lists;

    ServerKept(Records records, PkiConfig config, SecureRandom random, Renewing<X509.Signer> authority) {
        this("pki/server", List.of(config.serverName()), List.of(), records, config, random, authority);
    }

    /**
     * @param names that clients know the server by; another set of them makes another certificate
     * @param lists addresses of the revocation list; others make another certificate as well
     */
    ServerKept(
            String key,
            List<String> names,
            List<String> lists,
            Records records,
            PkiConfig config,
            SecureRandom random,
            Renewing<X509.Signer> authority) {
        super(key, records);
        this.names = List.copyOf(names);
        this.lists = List.copyOf(lists);
        this.config = config;
        this.random = random;
        this.authority = authority;
    }

    @Override
    public Lifespan of(Identity identity, Instant now) {
        X509Certificate leaf = identity.chain().getFirst();
        if (!AuthorityKept.commonName(leaf.getSubjectX500Principal()).equals(config.serverName())
                || !config.keyType().fits(leaf.getPublicKey())
                || !X509.hasNames(leaf, names)
                || !X509.hasLists(leaf, lists)) {
            return Lifespan.OVER;
        }
        Instant from = leaf.getNotBefore().toInstant();
        Instant until = leaf.getNotAfter().toInstant();
        return Lifespan.of(from, until, Duration.between(from, until).dividedBy(3));
    }

    @Override
    Identity make(@Nullable Identity old, Instant now) throws PkiException {
        KeyPair pair = config.keyType().generate(random);
        X509Certificate leaf = X509.endEntity(
                authority.get(),
                config.serverName(),
                names,
                lists,
                pair.getPublic(),
                X509.Purpose.SERVER,
                X509.newSerial(random),
                X509.start(now),
                X509.start(now).plus(config.serverValidity()));
        return new Identity(pair.getPrivate(), List.of(leaf));
    }

    @Override
    Identity decode(Fields fields) throws PkiException, GeneralSecurityException {
        X509Certificate leaf = X509.read(fields.next());
        return new Identity(KeyType.read(fields.next(), leaf.getPublicKey()), List.of(leaf));
    }

    @Override
    byte[] encode(Identity identity) throws GeneralSecurityException {
        return Fields.encode(
                identity.chain().getFirst().getEncoded(), identity.key().getEncoded());
    }
}
