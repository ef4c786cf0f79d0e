package io.culvert.web.rest.certificate;

import static io.culvert.api.web.WebEndpoint.delete;
import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.post;

import io.culvert.api.web.Caller;
import io.culvert.api.web.ConsoleCertificate;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code /certificate}: the one that the console shows, another in its place, and the own one again. */
public final class CertificateEndpoints implements WebEndpoints {
    private static final String PATH = "/api/v1/certificate";

    private final Certificates certificates;

    /**
     * The certificate that browsers see.
     *
     * @param source own, file, imported or acme
     * @param names of DNS and addresses that it is for
     * @param fingerprint SHA-256 in hexadecimal
     * @param authorities the subjects of those that follow it in the chain
     * @param renewal when the next one is made or asked for; null when somebody has to bring it
     * @param confirmBy to when an administrator must come by over it, else the earlier one comes back; null when it holds
     * @param problem why another one is not shown; empty when nothing is wrong
     */
    public record ConsoleCertificateShown(
            String source,
            String subject,
            List<String> names,
            String issuer,
            Instant notBefore,
            Instant notAfter,
            String fingerprint,
            List<String> authorities,
            @Nullable Instant renewal,
            @Nullable Instant confirmBy,
            String problem,
            @Nullable CertificateOrder order) {}

    /**
     * How getting one from an authority outside goes.
     *
     * @param directory the authority's address
     * @param tried when it was last asked
     * @param next when it is asked again
     * @param problem why the last try failed; empty when it did not
     */
    public record CertificateOrder(
            String directory, List<String> names, @Nullable Instant tried, @Nullable Instant next, String problem) {}

    /**
     * A certificate with its key, both in PEM.
     *
     * @param chain the server's own first, then each one's issuer
     * @param key not encrypted
     */
    public record ImportCertificate(String chain, String key) {
        @Override
        public String toString() {
            return "ImportCertificate[redacted]";
        }
    }

    public CertificateEndpoints(Certificates certificates) {
        this.certificates = certificates;
    }

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(PATH, Role.VIEWER, "The certificate that the console shows, and how its renewal goes.",
                        ConsoleCertificateShown.class, _ -> WebResponse.json(shown(certificates.current()))),
                post(PATH, Role.ADMINISTRATOR, "Import a certificate with its key; holds when an administrator comes by over it within two minutes.",
                                ImportCertificate.class, ConsoleCertificateShown.class, this::take)
                        .with(Flag.FRESH_PROOF),
                delete(PATH, Role.ADMINISTRATOR, "Forget the imported certificate: the module's or the appliance's own is shown again.", this::forget)
                        .with(Flag.FRESH_PROOF));
    }

    private WebResponse take(WebRequest request) throws Problem {
        ImportCertificate body = request.body(ImportCertificate.class);
        String before = fingerprint();
        var shown = certificates.take(body.chain(), body.key(), host(request), isGuarded(request));
        request.target("certificate of " + shown.leaf().getSubjectX500Principal());
        request.note("imported, good until " + shown.leaf().getNotAfter().toInstant());
        request.changed("fingerprint", before, fingerprint());
        return WebResponse.json(shown(shown));
    }

    private WebResponse forget(WebRequest request) throws Problem {
        String before = fingerprint();
        var shown = certificates.forget(isGuarded(request));
        request.target("certificate of " + shown.leaf().getSubjectX500Principal());
        request.note("the imported one is forgotten, shown is: " + Certificates.word(shown.source()));
        request.changed("fingerprint", before, fingerprint());
        return WebResponse.none();
    }

    private String fingerprint() throws Problem {
        return Pem.fingerprint(certificates.current().leaf());
    }

    /** What is done on the machine itself is meant, and leaves nobody locked out of it. */
    private static boolean isGuarded(WebRequest request) {
        return request.caller().means() != Caller.Means.LOCAL;
    }

    private static String host(WebRequest request) {
        String host = isGuarded(request) ? request.header("Host").orElse("") : "";
        return host.replaceAll(":[0-9]*$", "").replaceAll("[\\[\\]]", "");
    }

    private ConsoleCertificateShown shown(Certificates.Presented now) {
        X509Certificate leaf = now.leaf();
        Optional<ConsoleCertificate.Status> module = certificates.module();
        Instant from = leaf.getNotBefore().toInstant();
        Instant until = leaf.getNotAfter().toInstant();
        Instant renewal = switch (now.source()) {
            // Two thirds of its life, as the authority has it.
            case OWN -> from.plus(Duration.between(from, until).multipliedBy(2).dividedBy(3));
            case ACME -> module.flatMap(ConsoleCertificate.Status::next).orElse(null);
            case FILE, IMPORTED -> null;
        };
        return new ConsoleCertificateShown(
                Certificates.word(now.source()),
                leaf.getSubjectX500Principal().getName(),
                Acceptance.names(leaf),
                leaf.getIssuerX500Principal().getName(),
                from,
                until,
                Pem.fingerprint(leaf),
                now.identity().chain().stream().skip(1).map(each -> each.getSubjectX500Principal().getName()).toList(),
                renewal,
                certificates.until().orElse(null),
                now.problem(),
                module.map(CertificateEndpoints::order).orElse(null));
    }

    private static CertificateOrder order(ConsoleCertificate.Status status) {
        return new CertificateOrder(
                status.authority(), status.names(), status.tried().orElse(null), status.next().orElse(null), status.problem());
    }
}
