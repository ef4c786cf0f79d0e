package io.culvert.auth.ldap;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The settings of {@code auth.ldap}. */
@ObjectClassDefinition(name = "Users: LDAP", description = "Users and passwords in a directory.")
public @interface AuthLdapSettings {
    @AttributeDefinition(
            name = "Servers",
            description = "ldaps://HOST[:PORT] or ldap://HOST[:PORT], asked in this order: the next one when one is away.")
    String[] urls() default {};

    @AttributeDefinition(
            name = "StartTLS",
            description = "Whether ldap:// connections are encrypted before anything is said.")
    boolean startTls() default true;

    @AttributeDefinition(
            name = "Plain text",
            description = "Whether passwords may cross the network unencrypted, with ldap:// and without StartTLS.")
    boolean allowPlainText() default false;

    @AttributeDefinition(
            name = "Trust file",
            description = "PEM file with the authorities that vouch for the servers; those of the system without it.",
            required = false)
    String trustFile() default "";

    @AttributeDefinition(
            name = "User template",
            description = "The user's distinguished name with {user} in it, such as uid={user},ou=people,dc=example,dc=org; "
                    + "without it the user is searched.",
            required = false)
    String userTemplate() default "";

    @AttributeDefinition(name = "Search base", description = "Below which users are searched.", required = false)
    String searchBase() default "";

    @AttributeDefinition(name = "Search filter", description = "Finds exactly one user, with {user} in it.")
    String searchFilter() default "(uid={user})";

    @AttributeDefinition(
            name = "Service account",
            description = "The distinguished name that searches are done as; anonymous without it.",
            required = false)
    String bindDn() default "";

    @AttributeDefinition(
            name = "Service account's password",
            description = "Or the file below.",
            required = false,
            type = AttributeType.PASSWORD)
    String bindPassword() default "";

    @AttributeDefinition(
            name = "Service account's password file",
            description = "Holds the password on its first line.",
            required = false)
    String bindPasswordFile() default "";

    @AttributeDefinition(
            name = "Refused users",
            description = "A filter that the entries of disabled and locked users match. Empty for none.",
            required = false)
    String refusedFilter() default "(|(pwdAccountLockedTime=*)(nsAccountLock=TRUE)"
            + "(userAccountControl:1.2.840.113556.1.4.803:=2))";

    @AttributeDefinition(
            name = "Group base",
            description = "Below which groups are searched; empty for no groups.",
            required = false)
    String groupBase() default "";

    @AttributeDefinition(
            name = "Group filter",
            description = "Finds the groups of a user, with {dn} or {user} in it.")
    String groupFilter() default "(|(member={dn})(uniqueMember={dn})(memberUid={user}))";

    @AttributeDefinition(name = "Group name", description = "The attribute with the name of a group.")
    String groupName() default "cn";

    @AttributeDefinition(
            name = "Required groups",
            description = "Users must be in one of them; empty for all users.",
            required = false)
    String[] requiredGroups() default {};

    @AttributeDefinition(
            name = "Attributes",
            description = "What becomes known of a user beside groups: NAME=LDAPATTRIBUTE, such as address=vpnAddress.",
            required = false)
    String[] attributes() default {};

    @AttributeDefinition(name = "Connect deadline", description = "Seconds.", min = "1", max = "30")
    int connectSeconds() default 3;

    @AttributeDefinition(name = "Answer deadline", description = "Seconds for each answer.", min = "1", max = "30")
    int answerSeconds() default 4;

    @AttributeDefinition(name = "Connections", description = "Kept open to be used again.", min = "1", max = "64")
    int connections() default 4;
}
