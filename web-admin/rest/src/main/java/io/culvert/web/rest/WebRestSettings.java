package io.culvert.web.rest;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code web.rest}. */
@ObjectClassDefinition(name = "Console", description = "The web console's server and its API.")
public @interface WebRestSettings {
    @AttributeDefinition(
            name = "Address",
            description = "Where browsers connect to: an address of this host, or :: for every one. 127.0.0.1 keeps "
                    + "others out.")
    String address() default "::";

    @AttributeDefinition(name = "Port", description = "Of TCP; 0 opens none but the Unix socket.", min = "0", max = "65535")
    int port() default 8443;

    @AttributeDefinition(
            name = "Names",
            description = "Names and addresses that browsers reach the console under, for its certificate. Unless told, "
                    + "the host's own.",
            required = false)
    String[] names() default {};

    @AttributeDefinition(
            name = "Certificate file",
            description = "A chain in PEM, the server's own certificate first; read again every half an hour. Unless told, "
                    + "the appliance's own authority issues one.",
            required = false)
    String certificateFile() default "";

    @AttributeDefinition(
            name = "Key file",
            description = "The key of the certificate in the file, unencrypted PKCS #8 in PEM.",
            required = false)
    String keyFile() default "";

    @AttributeDefinition(
            name = "Idle minutes",
            description = "A session ends when nothing was done in it for so long.",
            min = "1",
            max = "720")
    int idleMinutes() default 30;

    @AttributeDefinition(
            name = "Session hours",
            description = "A session ends after so long, whatever was done in it.",
            min = "1",
            max = "168")
    int sessionHours() default 12;

    @AttributeDefinition(
            name = "Patience",
            description = "Seconds that a client may take to send what it is waited for.",
            min = "1",
            max = "120")
    int patienceSeconds() default 20;
}
