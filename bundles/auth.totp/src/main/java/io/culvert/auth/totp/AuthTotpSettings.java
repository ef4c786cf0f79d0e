package io.culvert.auth.totp;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The settings of {@code auth.totp}. */
@ObjectClassDefinition(name = "One-time codes", description = "A second factor beside the password (RFC 6238).")
public @interface AuthTotpSettings {
    @AttributeDefinition(
            name = "Mode",
            description = "Where the code is: asked for by the client beside the password, which new profiles tell it to "
                    + "do, or typed behind the password.",
            options = {@Option(value = "static-challenge"), @Option(value = "appended")})
    String mode() default "static-challenge";

    @AttributeDefinition(name = "Question", description = "What the client shows in the mode static-challenge.")
    String question() default "Enter your code";

    @AttributeDefinition(
            name = "Without a secret",
            description = "What becomes of users who have no secret: refuse, or pass, which leaves them to the other "
                    + "authenticators.",
            options = {@Option(value = "refuse"), @Option(value = "pass")})
    String withoutSecret() default "refuse";

    @AttributeDefinition(name = "Issuer", description = "The name that authenticator apps show.")
    String issuer() default "Culvert";

    @AttributeDefinition(name = "Digits", description = "Of a code.", min = "6", max = "8")
    int digits() default 6;

    @AttributeDefinition(name = "Period", description = "Seconds for which a code is shown.", min = "15", max = "120")
    int periodSeconds() default 30;

    @AttributeDefinition(name = "Window", description = "Periods that a clock may be off.", min = "0", max = "5")
    int window() default 1;

    @AttributeDefinition(
            name = "Longest wait",
            description = "Seconds; each wrong code after the third makes its user wait twice as long as the one before, "
                    + "up to this.",
            min = "30",
            max = "86400")
    int longestWaitSeconds() default 900;
}
