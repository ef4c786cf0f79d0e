package io.culvert.auth.ldap;

import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPURL;
import com.unboundid.ldap.sdk.RDN;
import io.culvert.api.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@link AuthLdapSettings}, checked.
 *
 * @param secure whether servers are spoken to by TLS from the beginning
 * @param trustFile empty for the authorities of the system
 * @param userTemplate empty when users are searched
 * @param bindDn empty for anonymous
 * @param groupBase empty for no groups
 * @param attributes LDAP's names by ours
 */
record LdapConfig(
        List<LDAPURL> urls,
        boolean secure,
        boolean startTls,
        Optional<Path> trustFile,
        String userTemplate,
        String searchBase,
        String searchFilter,
        String bindDn,
        String bindPassword,
        String refusedFilter,
        String groupBase,
        String groupFilter,
        String groupName,
        Set<String> requiredGroups,
        Map<String, String> attributes,
        Duration connect,
        Duration answer,
        int connections) {

    static final String PID = "io.culvert.auth.ldap";
    private static final String USER = "{user}";
    private static final String DN_MARK = "{dn}";

    /** @throws ConfigException naming the first attribute that cannot be worked with */
    static LdapConfig of(AuthLdapSettings settings) {
        List<LDAPURL> urls = urls(settings);
        boolean secure = urls.getFirst().getScheme().equals("ldaps");
        if (!secure && !settings.startTls() && !settings.allowPlainText()) {
            throw bad("startTls", false, "must be true with ldap://, or set allowPlainText to let passwords be read");
        }
        within("connectSeconds", settings.connectSeconds());
        within("answerSeconds", settings.answerSeconds());
        if (settings.connections() < 1 || settings.connections() > 64) {
            throw bad("connections", settings.connections(), "must be 1 to 64");
        }
        if (settings.userTemplate().isEmpty() && settings.searchBase().isEmpty()) {
            throw bad("searchBase", "\"\"", "or userTemplate must be set: where are the users?");
        }
        var config = new LdapConfig(
                urls,
                secure,
                settings.startTls() && !secure,
                settings.trustFile().isEmpty() ? Optional.empty() : Optional.of(readable(settings.trustFile())),
                settings.userTemplate(),
                settings.searchBase(),
                settings.searchFilter(),
                settings.bindDn(),
                password(settings),
                settings.refusedFilter(),
                settings.groupBase(),
                settings.groupFilter(),
                settings.groupName(),
                Set.of(settings.requiredGroups()),
                attributes(settings.attributes()),
                Duration.ofSeconds(settings.connectSeconds()),
                Duration.ofSeconds(settings.answerSeconds()),
                settings.connections());
        config.check();
        return config;
    }

    private void check() {
        dn("bindDn", bindDn);
        dn("searchBase", searchBase);
        dn("groupBase", groupBase);
        if (!userTemplate.isEmpty()) {
            marked("userTemplate", userTemplate, USER);
            dn("userTemplate", userDn("someone"));
        } else {
            marked("searchFilter", searchFilter, USER);
        }
        filter("searchFilter", userFilter("someone"));
        filter("groupFilter", groupFilter("cn=someone", "someone"));
        if (!refusedFilter.isEmpty()) {
            filter("refusedFilter", refusedFilter);
        }
        if (!requiredGroups.isEmpty() && groupBase.isEmpty()) {
            throw bad("requiredGroups", requiredGroups, "needs groupBase: where are the groups?");
        }
        if (!bindDn.isEmpty() && bindPassword.isEmpty()) {
            throw bad("bindDn", bindDn, "needs bindPassword or bindPasswordFile");
        }
    }

    // ---- what a stranger's name is put into, escaped

    String userDn(String user) {
        String escaped = new RDN("cn", user).toString().substring("cn=".length());
        return userTemplate.replace(USER, escaped);
    }

    String userFilter(String user) {
        return searchFilter.replace(USER, Filter.encodeValue(user));
    }

    String groupFilter(String dn, String user) {
        // In one pass: a name may look like a mark.
        var filter = new StringBuilder();
        int from = 0;
        while (from < groupFilter.length()) {
            if (groupFilter.startsWith(DN_MARK, from)) {
                filter.append(Filter.encodeValue(dn));
                from += DN_MARK.length();
            } else if (groupFilter.startsWith(USER, from)) {
                filter.append(Filter.encodeValue(user));
                from += USER.length();
            } else {
                filter.append(groupFilter.charAt(from++));
            }
        }
        return filter.toString();
    }

    // ---- reading

    private static List<LDAPURL> urls(AuthLdapSettings settings) {
        List<LDAPURL> urls = new ArrayList<>();
        for (String text : settings.urls()) {
            try {
                var url = new LDAPURL(text);
                if (!url.hostProvided() || url.getScheme().equals("ldapi")) {
                    throw bad("urls", text, "must be ldaps://HOST[:PORT] or ldap://HOST[:PORT]");
                }
                if (!urls.isEmpty() && !urls.getFirst().getScheme().equals(url.getScheme())) {
                    throw bad("urls", text, "must all begin with ldaps:// or all with ldap://");
                }
                urls.add(url);
            } catch (LDAPException e) {
                throw bad("urls", text, "must be ldaps://HOST[:PORT] or ldap://HOST[:PORT]");
            }
        }
        if (urls.isEmpty()) {
            throw bad("urls", "[]", "must name a server, such as ldaps://ldap.example.org");
        }
        return List.copyOf(urls);
    }

    private static String password(AuthLdapSettings settings) {
        if (settings.bindPasswordFile().isEmpty()) {
            return settings.bindPassword();
        }
        try (var lines = Files.lines(Path.of(settings.bindPasswordFile()))) {
            return lines.findFirst().orElse("");
        } catch (IOException | java.io.UncheckedIOException e) {
            throw bad("bindPasswordFile", settings.bindPasswordFile(), "must be a readable file");
        }
    }

    private static Path readable(String file) {
        Path path = Path.of(file);
        if (!Files.isReadable(path)) {
            throw bad("trustFile", file, "must be a readable PEM file");
        }
        return path;
    }

    private static Map<String, String> attributes(String[] texts) {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (String text : texts) {
            String[] parts = text.split("=", -1);
            if (parts.length != 2 || parts[0].isBlank() || !parts[1].matches("[A-Za-z0-9.;-]+")) {
                throw bad("attributes", text, "must be NAME=LDAPATTRIBUTE, such as address=vpnAddress");
            }
            attributes.put(parts[0].strip(), parts[1]);
        }
        return Map.copyOf(attributes);
    }

    private static void dn(String attribute, String text) {
        if (!text.isEmpty() && !DN.isValidDN(text)) {
            throw bad(attribute, text, "must be a distinguished name, such as ou=people,dc=example,dc=org");
        }
    }

    private static void filter(String attribute, String text) {
        try {
            Filter.create(text);
        } catch (LDAPException e) {
            throw bad(attribute, text, "must be an LDAP filter, such as (uid={user})");
        }
    }

    private static void marked(String attribute, String text, String mark) {
        if (!text.contains(mark)) {
            throw bad(attribute, text, "must have " + mark + " where the user's name goes");
        }
    }

    private static void within(String attribute, int seconds) {
        if (seconds < 1 || seconds > 30) {
            throw bad(attribute, seconds, "must be 1 to 30");
        }
    }

    static ConfigException bad(String attribute, Object value, String accepted) {
        return new ConfigException(PID, attribute, value, accepted);
    }

    @Override
    public String toString() {
        return "LdapConfig[" + urls + ", redacted]";
    }
}
