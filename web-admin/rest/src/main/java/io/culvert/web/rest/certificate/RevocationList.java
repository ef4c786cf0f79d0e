package io.culvert.web.rest.certificate;

import static io.culvert.api.web.WebEndpoint.get;

import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.server.EntityTag;
import java.io.ByteArrayInputStream;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The authority's revocation list for everyone (RFC 5280 section 5, RFC 2585 section 4.2). */
public final class RevocationList implements WebEndpoints {
    /** What the certificate that the console shows names. */
    public static final String PATH = "/authority.crl";
    private static final Duration KEPT = Duration.ofHours(1);

    private final Supplier<@Nullable CertificateAuthority> authority;
    private final InstantSource clock;

    /** @param authority the present one; null while there is none */
    public RevocationList(Supplier<@Nullable CertificateAuthority> authority, InstantSource clock) {
        this.authority = authority;
        this.clock = clock;
    }

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(get(PATH, Role.NONE, "The revocation list of the appliance's own authority, in DER.", Void.class, this::list)
                .with(Flag.BEFORE_SETUP));
    }

    private WebResponse list(WebRequest request) throws Exception {
        CertificateAuthority present = authority.get();
        if (present == null) {
            throw Problem.unavailable("no module issues certificates, so there is no revocation list");
        }
        X509CRL list = present.crl();
        byte[] der = list.getEncoded();
        String tag = EntityTag.of(der);
        Map<String, String> headers = Map.of(
                "ETag", '"' + tag + '"',
                "Cache-Control", "public, max-age=" + keep(list.getNextUpdate().toInstant()).toSeconds());
        return request.header("If-None-Match").filter(known -> known.contains(tag)).isPresent()
                ? new WebResponse.Empty(304, headers)
                : new WebResponse.Bytes(200, "application/pkix-crl", new ByteArrayInputStream(der), headers);
    }

    /** Short, so that a revocation is seen soon, and never beyond the list's own end. */
    private Duration keep(Instant end) {
        Duration left = Duration.between(clock.instant(), end);
        return left.isNegative() ? Duration.ZERO : left.compareTo(KEPT) < 0 ? left : KEPT;
    }
}
