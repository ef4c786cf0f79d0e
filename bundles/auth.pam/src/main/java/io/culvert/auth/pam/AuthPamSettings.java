package io.culvert.auth.pam;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code auth.pam}. */
@ObjectClassDefinition(name = "Users: host (PAM)", description = "The users of this host, by its PAM modules.")
public @interface AuthPamSettings {
    @AttributeDefinition(name = "Service", description = "The name of the file in /etc/pam.d that says who is asked.")
    String service() default "culvert";

    @AttributeDefinition(
            name = "Directory",
            description = "Where the service's file is, if not in /etc/pam.d or /usr/lib/pam.d.")
    String directory() default "";

    @AttributeDefinition(
            name = "Concurrent checks",
            description = "How many logins PAM works on at once; a module that hangs keeps one of them.",
            min = "1",
            max = "64")
    int concurrency() default 8;

    @AttributeDefinition(name = "Timeout", description = "In seconds, for PAM's answer.", min = "1", max = "120")
    int timeout() default 8;

    @AttributeDefinition(
            name = "Question timeout",
            description = "In seconds, for the user's answer to a second prompt.",
            min = "5",
            max = "300")
    int questionTimeout() default 60;
}
