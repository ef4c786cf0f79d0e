package io.culvert.auth.oidc;

import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes a decision of what the provider says of a user. */
final class Identity {
    private final String nameClaim;
    private final String groupsClaim;
    private final String requiredGroup;

    /** @param requiredGroup empty for none */
    Identity(String nameClaim, String groupsClaim, String requiredGroup) {
        this.nameClaim = nameClaim;
        this.groupsClaim = groupsClaim;
        this.requiredGroup = requiredGroup;
    }

    /** @param typed the name that the session has */
    AuthDecision decide(String typed, IDTokenClaimsSet claims) {
        String user = "user " + typed + ": ";
        if (!(claims.getClaim(nameClaim) instanceof String name)) {
            return refused(user + "the ID token has no claim " + nameClaim + ": add its scope, or name another claim");
        }
        if (nameClaim.equals("email") && Boolean.FALSE.equals(claims.getClaim("email_verified"))) {
            return refused(user + "the provider has not verified the address " + printable(name));
        }
        if (!name.equals(typed)) {
            return refused(user + "logged in as " + printable(name));
        }
        List<String> groups = groups(claims.getClaim(groupsClaim));
        if (!requiredGroup.isEmpty() && !groups.contains(requiredGroup)) {
            return refused(user + "is not in group " + requiredGroup);
        }
        Map<String, String> attributes = new LinkedHashMap<>();
        if (!requiredGroup.isEmpty()) {
            attributes.put("group", requiredGroup);
        } else if (!groups.isEmpty()) {
            attributes.put("group", groups.getFirst());
        }
        if (!groups.isEmpty()) {
            attributes.put("groups", String.join(",", groups));
        }
        return new Accepted(attributes);
    }

    /** A list, or one name. */
    private static List<String> groups(Object claim) {
        return switch (claim) {
            case List<?> list -> list.stream().filter(String.class::isInstance).map(String.class::cast).toList();
            case String one -> List.of(one);
            case null, default -> List.of();
        };
    }

    private static Refused refused(String why) {
        return new Refused(why, Logins.PEER_TEXT);
    }

    private static String printable(String name) {
        return name.replaceAll("\\p{C}", "?");
    }
}
