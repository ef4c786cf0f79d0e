package io.culvert.pki;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The settings of {@code pki}. */
@ObjectClassDefinition(name = "Certificates", description = "The appliance's own certificate authority.")
public @interface PkiSettings {
    @AttributeDefinition(
            name = "Key type",
            description = "Of keys that are made from now on.",
            options = {@Option("ec-p256"), @Option("ec-p384"), @Option("rsa-3072")})
    String keyType() default "ec-p256";

    @AttributeDefinition(name = "Authority name", description = "The beginning of the name of a new authority.")
    String authorityName() default "Culvert CA";

    @AttributeDefinition(
            name = "Server name",
            description = "The host name in the server certificate, which clients check.")
    String serverName() default "culvert";

    @AttributeDefinition(name = "Authority validity", description = "In days.", min = "30", max = "36500")
    int authorityDays() default 3650;

    @AttributeDefinition(
            name = "Server validity",
            description = "In days, at most half of the authority's; renewed when two thirds are over.",
            min = "1")
    int serverDays() default 397;

    @AttributeDefinition(
            name = "Client validity",
            description = "In days, at most half of the authority's.",
            min = "1")
    int clientDays() default 825;

    @AttributeDefinition(
            name = "Revocation list validity",
            description = "In days; renewed when half of it is over.",
            min = "1",
            max = "365")
    int crlDays() default 30;
}
