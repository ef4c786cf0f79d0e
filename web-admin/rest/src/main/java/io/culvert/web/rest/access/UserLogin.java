package io.culvert.web.rest.access;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the authenticators of the VPN about one of its users, as core does where its settings name no chain: second
 * factors first, of which each must accept or abstain, and then the first other one that knows the user.
 */
public final class UserLogin {
    private static final Logger LOG = LoggerFactory.getLogger(UserLogin.class);

    private final Supplier<List<Authenticator>> authenticators;

    /** @param authenticators in the order in which they are asked */
    public UserLogin(Supplier<List<Authenticator>> authenticators) {
        this.authenticators = authenticators;
    }

    /** Whether there may be users who need more than a password. */
    boolean asksForCodes() {
        return authenticators.get().stream().anyMatch(Authenticator::secondFactor);
    }

    /** @param code empty for none */
    boolean check(String name, String password, String code, String from) throws InterruptedException {
        var asked = authenticators.get().stream()
                .sorted(Comparator.comparing(each -> !each.secondFactor()))
                .toList();
        byte[] left = password.getBytes(StandardCharsets.UTF_8);
        for (Authenticator authenticator : asked) {
            var credentials = new Credentials(
                    "web",
                    name,
                    left.clone(),
                    List.of(),
                    new InetSocketAddress(address(from), 0),
                    Map.of(),
                    code.isEmpty() ? null : code.getBytes(StandardCharsets.UTF_8));
            try {
                AuthDecision decision = authenticator.authenticate(credentials);
                if (decision instanceof AuthDecision.Accepted accepted) {
                    if (!authenticator.secondFactor()) {
                        return true;
                    }
                    left = accepted.remainder() == null ? left : accepted.remainder();
                } else if (!(decision instanceof AuthDecision.Abstained
                        || decision instanceof AuthDecision.Unknown && !authenticator.secondFactor())) {
                    // Who answers later, in a browser or on a telephone, does so for tunnels only.
                    return false;
                }
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                LOG.warn("web user={}: authenticator {} fails, {}", name, authenticator.name(), e.toString());
                return false;
            } finally {
                credentials.zero();
            }
        }
        return false;
    }

    private static InetAddress address(String from) {
        try {
            return InetAddress.ofLiteral(from.replaceAll("[\\[\\]]", ""));
        } catch (IllegalArgumentException e) {
            return InetAddress.getLoopbackAddress();
        }
    }
}
