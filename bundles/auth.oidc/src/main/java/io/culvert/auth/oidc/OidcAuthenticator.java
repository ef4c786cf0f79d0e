package io.culvert.auth.oidc;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt.OpenUrl;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Sends users to their browser; whatever they typed as a password is not looked at. */
final class OidcAuthenticator implements Authenticator {
    private static final String NO_BROWSER =
            "this login needs a browser and this client does not open one";

    private final OidcConfig config;
    private final Provider provider;
    private final Listener listener;
    private final Logins logins;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile String problem = "";

    OidcAuthenticator(OidcConfig config, Provider provider, Listener listener, Logins logins) {
        this.config = config;
        this.provider = provider;
        this.listener = listener;
        this.logins = logins;
    }

    @Override
    public String name() {
        return "oidc";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException, ProviderException {
        String user = "user " + credentials.username() + ": ";
        List<String> offered = List.of(credentials.peerInfo().getOrDefault("IV_SSO", "").split(","));
        if (!offered.contains("webauth") && !offered.contains("openurl")) {
            return refused(user + "the client offers no login in the browser (IV_SSO)", NO_BROWSER);
        }
        try {
            listener.open();
            provider.check();
            problem = "";
        } catch (IOException | ProviderException e) {
            failed.increment();
            problem = String.valueOf(e.getMessage());
            throw e;
        }
        Optional<Logins.Login> login =
                logins.begin(credentials.username(), credentials.remote().getAddress());
        if (login.isEmpty()) {
            return refused(user + "too many logins are under way", Logins.PEER_TEXT);
        }
        login.get().answer.thenAccept(this::count);
        return new Pending(config.timeout(), new OpenUrl(config.start(login.get().id)), login.get().answer);
    }

    private Refused refused(String why, String peerText) {
        refused.increment();
        return new Refused(why, peerText);
    }

    private void count(AuthDecision decision) {
        (decision instanceof Accepted ? accepted : refused).increment();
    }

    /** For the status. */
    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("listener", listener.isOpen() ? "open" : "closed");
        facts.put("waiting", logins.size());
        facts.put("accepted", accepted.sum());
        facts.put("refused", refused.sum());
        facts.put("failed", failed.sum());
        if (!problem.isEmpty()) {
            facts.put("problem", problem);
        }
        return facts;
    }

    /** What went wrong when the module started, which may be over at the first login. */
    void problem(String text) {
        problem = text;
    }
}
