package io.culvert.auth.file;

import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Users and logins in the status. */
final class FileHealth implements HealthCheck {
    private final UsersFile file;
    private final FileAuthenticator authenticator;

    FileHealth(UsersFile file, FileAuthenticator authenticator) {
        this.file = file;
        this.authenticator = authenticator;
    }

    @Override
    public String name() {
        return "auth.file";
    }

    @Override
    public Map<String, Object> status() {
        Users users = file.peek();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("users", users.all().size());
        facts.put("disabled", users.all().stream().filter(user -> !user.enabled()).count());
        facts.put("accepted", authenticator.accepted.sum());
        facts.put("refused", authenticator.refused.sum());
        facts.put("unknown", authenticator.unknown.sum());
        List<String> problems = users.problems().stream().map(problem -> "etc/users " + problem).toList();
        if (!problems.isEmpty()) {
            facts.put("problem", String.join("; ", problems));
        }
        return facts;
    }
}
