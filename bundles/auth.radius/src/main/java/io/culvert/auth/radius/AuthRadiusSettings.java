package io.culvert.auth.radius;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The settings of {@code auth.radius}. */
@ObjectClassDefinition(name = "Users: RADIUS", description = "Users and passwords of a RADIUS server.")
public @interface AuthRadiusSettings {
    @AttributeDefinition(
            name = "Servers",
            description = "HOST or HOST:PORT, asked in this order: the next one when one does not answer. Port 1812.")
    String[] servers() default {};

    @AttributeDefinition(
            name = "Secret",
            description = "Shared with the servers. Or the file below.",
            required = false,
            type = AttributeType.PASSWORD)
    String secret() default "";

    @AttributeDefinition(name = "Secret file", description = "Holds the secret on its first line.", required = false)
    String secretFile() default "";

    @AttributeDefinition(
            name = "Password",
            description = "How passwords are shown: pap, which works with challenges too, or mschapv2.",
            options = {@Option(value = "pap"), @Option(value = "mschapv2")})
    String protocol() default "pap";

    @AttributeDefinition(
            name = "Message-Authenticator",
            description = "Whether answers must have one. Without it, who can read and change packets on the way can let "
                    + "anybody in (CVE-2024-3596): switch it off only for old servers on a network of their own.")
    boolean requireMessageAuthenticator() default true;

    @AttributeDefinition(name = "Name", description = "What we call ourselves (NAS-Identifier).")
    String nasIdentifier() default "culvert";

    @AttributeDefinition(name = "Answer deadline", description = "Seconds for each try.", min = "1", max = "30")
    int answerSeconds() default 2;

    @AttributeDefinition(name = "Tries", description = "For each server.", min = "1", max = "10")
    int tries() default 2;

    @AttributeDefinition(
            name = "Challenge deadline",
            description = "Seconds in which a user must answer a question.",
            min = "10",
            max = "600")
    int challengeSeconds() default 120;

    @AttributeDefinition(
            name = "Accounting",
            description = "Whether the servers are told of sessions: when they start, meanwhile, and when they end.")
    boolean accounting() default false;

    @AttributeDefinition(name = "Accounting port", description = "Of all servers.", min = "1", max = "65535")
    int accountingPort() default 1813;

    @AttributeDefinition(
            name = "Interim accounting",
            description = "Seconds between reports of a session that lasts.",
            min = "10",
            max = "86400")
    int interimSeconds() default 300;
}
