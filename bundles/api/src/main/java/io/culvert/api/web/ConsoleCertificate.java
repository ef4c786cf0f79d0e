package io.culvert.api.web;

import io.culvert.api.tls.TlsPolicy;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Gets the console's certificate from an authority outside the appliance. A service; when another identity is there its
 * properties are modified, and the console then asks for it. What an administrator imports goes before it.
 */
@ConsumerType
public interface ConsoleCertificate {
    /** The kind for pages and logs: {@code acme}. */
    String source();

    /** What browsers are to see; empty while there is none. */
    Optional<TlsPolicy.Identity> identity();

    /** How it stands, without a secret. */
    Status status();

    /**
     * How getting certificates goes.
     *
     * @param authority that is asked: the address of its directory
     * @param names that the certificate is for
     * @param tried when it was last asked for a certificate
     * @param next when it will be asked again
     * @param problem why the last try failed and what to do; empty when it did not fail
     */
    record Status(
            String authority, List<String> names, Optional<Instant> tried, Optional<Instant> next, String problem) {
        public Status {
            names = List.copyOf(names);
        }
    }
}
