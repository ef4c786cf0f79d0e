package io.culvert.auth.ldap;

import com.unboundid.ldap.sdk.BindResult;
import com.unboundid.ldap.sdk.DereferencePolicy;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPSearchException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchRequest;
import com.unboundid.ldap.sdk.SearchResult;
import com.unboundid.ldap.sdk.SearchResultEntry;
import com.unboundid.ldap.sdk.SearchScope;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * Checks a password by binding with it. In this order: the user's entry is found, the bind succeeds, the entry is not one
 * that is refused, the groups are right.
 */
final class LdapAuthenticator implements Authenticator, AutoCloseable {
    private static final String PEER_TEXT = "authentication failed";
    private static final String NO_ATTRIBUTES = "1.1";
    private static final int MAX_GROUPS = 1000;

    final LongAdder accepted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder unknown = new LongAdder();
    final LongAdder failed = new LongAdder();

    private final LdapConfig config;
    private final Directory directory;

    LdapAuthenticator(LdapConfig config) {
        this.config = config;
        this.directory = new Directory(config);
    }

    @Override
    public String name() {
        return "ldap";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException {
        String user = credentials.username();
        if (credentials.password().length == 0) {
            // Servers take a name without a password for a successful anonymous bind (RFC 4513, 5.1.2).
            return refusal(user, "sent no password");
        }
        try {
            AuthDecision decision = directory.with(connection -> decide(connection, user, credentials.password()));
            switch (decision) {
                case Accepted _ -> accepted.increment();
                case Unknown _ -> unknown.increment();
                default -> {}
            }
            return decision;
        } catch (LDAPException e) {
            failed.increment();
            throw new IOException("directory: " + e.getResultCode() + ": " + e.getMessage(), e);
        }
    }

    int connections() {
        return directory.open();
    }

    private AuthDecision decide(LDAPConnection connection, String user, byte[] password) throws LDAPException {
        String dn;
        if (config.userTemplate().isEmpty()) {
            List<SearchResultEntry> found = search(
                    connection, config.searchBase(), SearchScope.SUB, config.userFilter(user), 2, NO_ATTRIBUTES);
            if (found.isEmpty()) {
                return new Unknown();
            }
            if (found.size() > 1) {
                return refusal(user, "has several entries below " + config.searchBase() + ": make searchFilter narrower");
            }
            dn = found.getFirst().getDN();
        } else {
            dn = config.userDn(user);
        }
        Optional<String> refusal = bind(connection, dn, password);
        if (refusal.isPresent()) {
            return refusal(user, refusal.get());
        }
        if (!config.bindDn().isEmpty()) {
            // The user may not be allowed to see what the service account sees.
            connection.bind(new SimpleBindRequest(config.bindDn(), config.bindPassword()));
        }
        return judge(connection, user, dn);
    }

    /** Why not, or empty. */
    private static Optional<String> bind(LDAPConnection connection, String dn, byte[] password) throws LDAPException {
        try {
            BindResult result = connection.bind(new SimpleBindRequest(dn, password));
            return result.getResultCode() == ResultCode.SUCCESS
                    ? Optional.empty()
                    : Optional.of("bind gave " + result.getResultCode());
        } catch (LDAPException e) {
            if (Directory.isAway(e)) {
                throw e;
            }
            String detail = e.getDiagnosticMessage() == null ? "" : ": " + e.getDiagnosticMessage();
            return Optional.of("bind gave " + e.getResultCode() + detail.replaceAll("\\p{C}", " "));
        }
    }

    private AuthDecision judge(LDAPConnection connection, String user, String dn) throws LDAPException {
        String[] wanted = config.attributes().isEmpty()
                ? new String[] {NO_ATTRIBUTES}
                : config.attributes().values().toArray(String[]::new);
        List<SearchResultEntry> entry = search(connection, dn, SearchScope.BASE, "(objectClass=*)", 1, wanted);
        if (entry.isEmpty()) {
            return refusal(user, "has an entry that cannot be read: " + dn);
        }
        if (!config.refusedFilter().isEmpty()
                && !search(connection, dn, SearchScope.BASE, config.refusedFilter(), 1, NO_ATTRIBUTES).isEmpty()) {
            return refusal(user, "is disabled or locked");
        }
        Map<String, String> attributes = new LinkedHashMap<>();
        config.attributes().forEach((ours, theirs) -> {
            String value = entry.getFirst().getAttributeValue(theirs);
            if (value != null) {
                attributes.put(ours, value);
            }
        });
        if (!config.groupBase().isEmpty()) {
            List<String> groups = groups(connection, user, dn);
            if (!config.requiredGroups().isEmpty() && groups.stream().noneMatch(config.requiredGroups()::contains)) {
                return refusal(user, "is in none of the groups " + String.join(", ", config.requiredGroups()));
            }
            if (!groups.isEmpty()) {
                attributes.put("groups", String.join(",", groups));
                attributes.putIfAbsent("group", groups.stream()
                        .filter(config.requiredGroups()::contains)
                        .findFirst()
                        .orElse(groups.getFirst()));
            }
        }
        return new Accepted(attributes);
    }

    private List<String> groups(LDAPConnection connection, String user, String dn) throws LDAPException {
        List<String> names = new ArrayList<>();
        String filter = config.groupFilter(dn, user);
        for (SearchResultEntry group :
                search(connection, config.groupBase(), SearchScope.SUB, filter, MAX_GROUPS, config.groupName())) {
            String name = group.getAttributeValue(config.groupName());
            if (name != null) {
                names.add(name);
            }
        }
        names.sort(null);
        return names;
    }

    /** What was found, at most {@code limit}: that there is more is no error. Referrals are left out. */
    private List<SearchResultEntry> search(
            LDAPConnection connection, String base, SearchScope scope, String filter, int limit, String... attributes)
            throws LDAPException {
        var request = new SearchRequest(
                base,
                scope,
                DereferencePolicy.NEVER,
                limit,
                Math.toIntExact(config.answer().toSeconds()),
                false,
                filter,
                attributes);
        try {
            SearchResult result = connection.search(request);
            return result.getSearchEntries();
        } catch (LDAPSearchException e) {
            if (e.getResultCode() == ResultCode.SIZE_LIMIT_EXCEEDED) {
                return e.getSearchEntries();
            }
            if (e.getResultCode() == ResultCode.NO_SUCH_OBJECT) {
                return List.of();
            }
            throw e;
        }
    }

    private Refused refusal(String user, String reason) {
        refused.increment();
        return new Refused("user " + user + ": " + reason, PEER_TEXT);
    }

    @Override
    public void close() {
        directory.close();
    }
}
