package io.culvert.web.watch;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code web.watch}. */
@ObjectClassDefinition(name = "Metrics and health", description = "What monitoring and load balancers ask for.")
public @interface WatchSettings {
    @AttributeDefinition(
            name = "Scrape from",
            description = "Prefixes from where metrics may be read without signing in, as 192.0.2.7/32. From elsewhere an API"
                    + " token is needed (Authorization: Bearer), or a session in the console.",
            required = false)
    String[] scrapeFrom() default {"127.0.0.0/8", "::1/128"};
}
