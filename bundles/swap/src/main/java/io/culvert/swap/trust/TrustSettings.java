package io.culvert.swap.trust;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code swap}. */
@ObjectClassDefinition(name = "Modules", description = "Whose modules may run.")
public @interface TrustSettings {
    @AttributeDefinition(
            name = "Trusted keys",
            description = "Keys whose modules may run beside those of the release: SHA-256 fingerprint, blank, name.",
            required = false)
    String[] trustedKeys() default {};
}
