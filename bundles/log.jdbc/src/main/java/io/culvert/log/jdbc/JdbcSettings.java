package io.culvert.log.jdbc;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** The settings of {@code log.jdbc}. */
@ObjectClassDefinition(name = "Log to a database", description = "PostgreSQL or H2")
public @interface JdbcSettings {
    @AttributeDefinition(
            description = "The least level that is written",
            options = {
                @Option(value = "error", label = "error"),
                @Option(value = "warn", label = "warn"),
                @Option(value = "info", label = "info"),
                @Option(value = "debug", label = "debug"),
                @Option(value = "trace", label = "trace")
            })
    String level() default "info";

    @AttributeDefinition(description = "jdbc:postgresql://HOST[:PORT]/DATABASE[?sslmode=verify-full...] or jdbc:h2:FILE")
    String url() default "";

    @AttributeDefinition(description = "Who writes; needs the rights to insert, and for retainDays to delete")
    String user() default "";

    @AttributeDefinition(description = "Of that user", type = AttributeType.PASSWORD)
    String password() default "";

    @AttributeDefinition(description = "The table, with or without its schema; made when it is missing")
    String table() default "culvert_log";

    @AttributeDefinition(description = "Older entries are deleted; 0 for never", min = "0", max = "36500")
    int retainDays() default 0;

    @AttributeDefinition(description = "In seconds, to connect and to wait for an answer", min = "1", max = "300")
    int timeout() default 10;
}
