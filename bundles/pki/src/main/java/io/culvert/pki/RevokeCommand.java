package io.culvert.pki;

import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.pki.CertificateAuthority.Profile;
import io.culvert.api.pki.PkiException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code culvert revoke NAME}: every profile of the user, and the sessions; with {@code profile} that one alone. */
final class RevokeCommand implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(RevokeCommand.class);

    private final Revoking revoking;

    RevokeCommand(Revoking revoking) {
        this.revoking = revoking;
    }

    @Override
    public String name() {
        return "revoke";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
        if (arguments.get("profile") instanceof String id && !id.isEmpty()) {
            return one(id);
        }
        if (!(arguments.get("name") instanceof String user) || user.isEmpty()) {
            throw new CommandException("revoke: the user's name is missing: culvert revoke NAME");
        }
        Optional<UserDirectory.User> known = find(user);
        Revoking.Outcome outcome;
        try {
            outcome = revoking.revoke(user, "revoked by an operator");
        } catch (PkiException e) {
            throw new CommandException("revoke: " + e.getMessage(), e);
        }
        boolean password = known.isPresent() && known.get().password() && known.get().enabled();
        if (outcome.revoked().isEmpty() && outcome.before() == 0) {
            throw new CommandException(
                    password
                            ? "revoke: " + user + " has no profile, only a password: culvert user disable " + user
                            : "revoke: " + user + " has no profile: culvert profile list shows who has one");
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", user);
        answer.put("revoked", outcome.revoked().stream().map(Profile::id).toList());
        answer.put("revokedBefore", outcome.before());
        answer.put("sessionsEnded", outcome.sessionsEnded());
        if (password) {
            answer.put(
                    "note",
                    user + " can still be given a new profile or log in with the password: culvert user disable " + user);
        }
        return answer;
    }

    private Object one(String id) throws CommandException, InterruptedException {
        try {
            Revoking.Outcome outcome = revoking.revokeOne(id, "revoked by an operator");
            if (outcome.revoked().isEmpty()) {
                throw new CommandException("revoke: there is no profile " + id + ", or it is revoked already: culvert"
                        + " profile list shows them");
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("name", outcome.revoked().getFirst().user());
            answer.put("revoked", List.of(id));
            answer.put("revokedBefore", 0);
            answer.put("sessionsEnded", outcome.sessionsEnded());
            return answer;
        } catch (PkiException e) {
            throw new CommandException("revoke: " + e.getMessage(), e);
        }
    }

    private Optional<UserDirectory.User> find(String user) {
        for (UserDirectory directory : revoking.directories()) {
            try {
                Optional<UserDirectory.User> found = directory.find(user);
                if (found.isPresent()) {
                    return found;
                }
            } catch (Exception e) {
                // A directory that fails must not keep anybody from being revoked.
                LOG.warn("pki user={}: a directory could not say whether there is a password: {}", user, e.toString());
            }
        }
        return Optional.empty();
    }
}
