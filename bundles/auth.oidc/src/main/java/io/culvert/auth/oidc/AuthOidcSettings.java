package io.culvert.auth.oidc;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code auth.oidc}. */
@ObjectClassDefinition(
        name = "Users: browser login (OpenID Connect)",
        description = "Users log in at an OpenID Connect provider, in their browser.")
public @interface AuthOidcSettings {
    @AttributeDefinition(name = "Issuer", description = "The provider's URL, as its tokens name it.")
    String issuer() default "";

    @AttributeDefinition(name = "Client id", description = "Of this appliance at the provider.")
    String clientId() default "";

    @AttributeDefinition(
            name = "Client secret",
            description = "Of this appliance at the provider; empty for a public client.",
            type = AttributeType.PASSWORD)
    String clientSecret() default "";

    @AttributeDefinition(
            name = "Public URL",
            description = "Under which browsers reach this module: https://HOST[:PORT][/PATH]. The provider has to know"
                    + " PUBLIC-URL/callback as redirect URI.")
    String publicUrl() default "";

    @AttributeDefinition(name = "Address", description = "To listen on; 127.0.0.1 behind a reverse proxy.")
    String address() default "127.0.0.1";

    @AttributeDefinition(name = "Port", description = "To listen on.", min = "1", max = "65535")
    int port() default 8443;

    @AttributeDefinition(
            name = "Certificate",
            description = "File with the certificate chain in PEM; empty for HTTP behind a reverse proxy.")
    String certificate() default "";

    @AttributeDefinition(name = "Key", description = "File with the certificate's private key, PKCS #8 in PEM.")
    String key() default "";

    @AttributeDefinition(
            name = "Provider's authority",
            description = "File with the certificates in PEM that sign the provider's; empty for those of the JVM.")
    String authority() default "";

    @AttributeDefinition(name = "Scopes", description = "Asked for; openid must be one.")
    String[] scopes() default {"openid", "profile"};

    @AttributeDefinition(
            name = "Name claim",
            description = "The claim that has to be the user name as typed in the VPN client.")
    String nameClaim() default "preferred_username";

    @AttributeDefinition(name = "Groups claim", description = "The claim that lists groups.")
    String groupsClaim() default "groups";

    @AttributeDefinition(name = "Required group", description = "Without which nobody comes in; empty for none.")
    String requiredGroup() default "";

    @AttributeDefinition(
            name = "Ask first",
            description = "A page tells who logs in from where and asks before it sends the user to the provider: whoever"
                    + " is talked into opening somebody else's link can still say no.")
    boolean confirm() default true;

    @AttributeDefinition(name = "Time", description = "In seconds, that a user has to log in.", min = "30", max = "600")
    int timeout() default 180;

    @AttributeDefinition(
            name = "Provider's time",
            description = "In seconds, that the provider has for an answer.",
            min = "1",
            max = "60")
    int providerTimeout() default 5;

    @AttributeDefinition(
            name = "Logins at once",
            description = "How many logins may be under way.",
            min = "1",
            max = "100000")
    int maxLogins() default 1000;

    @AttributeDefinition(
            name = "Plain HTTP",
            description = "Allows http:// in issuer and publicUrl. For tests: passwords and codes can be read on the way.")
    boolean insecure() default false;
}
