package io.culvert.web.acme;

import io.culvert.api.tls.TlsPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Optional;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Identifier;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;

/** One order from beginning to end (RFC 8555 section 7.4). */
final class Ordering {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final AcmeConfig config;
    private final Kept kept;

    Ordering(AcmeConfig config, Kept kept) {
        this.config = config;
        this.kept = kept;
    }

    /**
     * A new certificate, durable.
     *
     * @throws IOException saying what is wrong and what to do
     * @throws AcmeException when the authority refuses or cannot be reached
     */
    TlsPolicy.Identity place() throws IOException, AcmeException, GeneralSecurityException, InterruptedException {
        KeyPair account = kept.account(config.directory());
        try (var authority = new Authority(config.trust())) {
            var session = new Session(config.directory(), authority);
            var builder = new AccountBuilder().agreeToTermsOfService().useKeyPair(account);
            if (!config.email().isEmpty()) {
                builder.addEmail(config.email());
            }
            Login login = builder.createLogin(session);
            Order order = order(login);
            validate(order);
            KeyPair key = Kept.newKey();
            order.waitUntilReady(PATIENCE);
            order.execute(key);
            if (order.waitForCompletion(PATIENCE) != Status.VALID) {
                throw new IOException("the authority did not issue the certificate: " + words(order.getError()));
            }
            var identity = new TlsPolicy.Identity(key.getPrivate(), order.getCertificate().getCertificateChain());
            if (!identity.chain().getFirst().getPublicKey().equals(key.getPublic())) {
                throw new IOException("the authority issued a certificate for another key");
            }
            kept.keep(config.directory(), identity);
            return identity;
        } catch (AcmeLazyLoadingException e) {
            throw new IOException("the authority's answer cannot be loaded: " + e.getMessage(), e);
        }
    }

    private Order order(Login login) throws AcmeException, IOException {
        var builder = login.newOrder();
        for (String name : config.names()) {
            boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
            builder.identifier(address ? Identifier.ip(InetAddress.getByName(name)) : Identifier.dns(name));
        }
        return builder.create();
    }

    private void validate(Order order) throws IOException, AcmeException, InterruptedException {
        var open = order.getAuthorizations().stream().filter(each -> each.getStatus() != Status.VALID).toList();
        if (open.isEmpty()) {
            return;
        }
        try (var answering = new Answering(config.address(), config.port())) {
            for (Authorization authorization : open) {
                String name = authorization.getIdentifier().getValue();
                Http01Challenge challenge = authorization
                        .findChallenge(Http01Challenge.class)
                        .orElseThrow(() -> new IOException(
                                "the authority does not ask for " + name + " over HTTP (http-01), and no other way is known here"));
                answering.add(challenge.getToken(), challenge.getAuthorization());
                challenge.trigger();
                if (authorization.waitForCompletion(PATIENCE) != Status.VALID) {
                    challenge.fetch();
                    throw new IOException("the authority could not see that " + name + " leads here: "
                            + words(challenge.getError()) + "; look at its name in DNS and at port 80 on the way");
                }
            }
        }
    }

    private static String words(Optional<Problem> problem) {
        return problem.flatMap(Problem::getDetail).orElse("it did not say why in time");
    }
}
