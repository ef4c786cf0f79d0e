package io.culvert.web.acme;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code web.acme}. */
@ObjectClassDefinition(
        name = "Certificate by ACME",
        description = "Gets the console's certificate from an authority outside, and renews it by itself.")
public @interface AcmeSettings {
    @AttributeDefinition(
            name = "Directory",
            description = "The authority's address. The staging one of Let's Encrypt is "
                    + "https://acme-staging-v02.api.letsencrypt.org/directory.")
    String directory() default "https://acme-v02.api.letsencrypt.org/directory";

    @AttributeDefinition(
            name = "Mail address",
            description = "Where the authority writes to when something is wrong.",
            required = false)
    String email() default "";

    @AttributeDefinition(
            name = "Terms agreed",
            description = "That you agree to the authority's terms of service. Nothing is asked for without.")
    boolean agreeToTerms() default false;

    @AttributeDefinition(
            name = "Names",
            description = "Names or addresses that browsers reach the console under. Each must lead here from outside.")
    String[] names() default {};

    @AttributeDefinition(
            name = "Challenge address",
            description = "Where the authority's question arrives: an address of this host, or :: for every one.")
    String address() default "::";

    @AttributeDefinition(
            name = "Challenge port",
            description = "Open only while the authority asks. Authorities ask at port 80, so unless it is that, something "
                    + "must lead from there to here.",
            min = "1",
            max = "65535")
    int port() default 80;

    @AttributeDefinition(
            name = "Authority's certificates",
            description = "A file with what the directory's own certificate leads to, in PEM, for an authority inside your "
                    + "network. Unless told, those that Java knows.",
            required = false)
    String trustFile() default "";

    @AttributeDefinition(
            name = "Pause after a failure",
            description = "In seconds; doubled after each further one, up to six hours.",
            min = "1",
            max = "21600")
    int retrySeconds() default 60;
}
