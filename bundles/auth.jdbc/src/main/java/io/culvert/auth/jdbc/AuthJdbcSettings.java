package io.culvert.auth.jdbc;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code auth.jdbc}. */
@ObjectClassDefinition(name = "Users: database", description = "Users and passwords in PostgreSQL or H2.")
public @interface AuthJdbcSettings {
    @AttributeDefinition(
            name = "Database",
            description = "jdbc:postgresql://HOST[:PORT]/DATABASE[?sslmode=verify-full...] or jdbc:h2:FILE.")
    String url() default "";

    @AttributeDefinition(name = "User", description = "Who reads the table; needs no right but to read it.")
    String user() default "";

    @AttributeDefinition(name = "Password", description = "Of that user.", type = AttributeType.PASSWORD)
    String password() default "";

    @AttributeDefinition(
            name = "Query",
            description = "Gives at most one row for the name :user. The column password holds the hash; a column"
                    + " enabled, if there is one, says who may come in.")
    String query() default "SELECT password, enabled FROM users WHERE name = :user";

    @AttributeDefinition(
            name = "Attributes",
            description = "Columns that are kept as what is known of the user: group, address (fixes the IPv4"
                    + " address). Those that the query does not give are left out.")
    String[] attributes() default {"group", "address"};

    @AttributeDefinition(
            name = "Hash formats",
            description = "Which are believed: argon2, bcrypt, pbkdf2; ssha and plain are weak and have to be named.")
    String[] formats() default {"argon2", "bcrypt", "pbkdf2"};

    @AttributeDefinition(
            name = "Timeout",
            description = "In seconds, to connect, to wait for a free connection and for an answer.",
            min = "1",
            max = "60")
    int timeout() default 5;

    @AttributeDefinition(name = "Connections", description = "At most, at once.", min = "1", max = "32")
    int connections() default 4;

    @AttributeDefinition(
            name = "Concurrent checks",
            description = "How many hashes are computed at once; each takes its memory.",
            min = "1",
            max = "64")
    int concurrency() default 2;
}
