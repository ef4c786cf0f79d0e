package io.culvert.auth.file;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code auth.file}. */
@ObjectClassDefinition(name = "Users: file", description = "Users and passwords in etc/users.")
public @interface AuthFileSettings {
    @AttributeDefinition(
            name = "Argon2id memory",
            description = "In KiB, for each hash of a new password.",
            min = "1024",
            max = "262144")
    int memory() default 19_456;

    @AttributeDefinition(name = "Argon2id iterations", description = "Of a new password.", min = "1", max = "16")
    int iterations() default 2;

    @AttributeDefinition(name = "Argon2id lanes", description = "Of a new password.", min = "1", max = "8")
    int lanes() default 1;

    @AttributeDefinition(
            name = "Concurrent checks",
            description = "How many passwords are checked at once; each takes the memory of its hash.",
            min = "1",
            max = "64")
    int concurrency() default 2;

    @AttributeDefinition(
            name = "Other users",
            description = "Whether users who are not in the file are left to other modules, such as auth.ldap; else nobody "
                    + "but those in the file may come in. Certificates of users that were removed count then until they are "
                    + "revoked.")
    boolean otherUsers() default false;
}
