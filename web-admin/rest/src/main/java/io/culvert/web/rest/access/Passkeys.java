package io.culvert.web.rest.access;

import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.AuthenticationData;
import com.webauthn4j.data.AuthenticationParameters;
import com.webauthn4j.data.RegistrationData;
import com.webauthn4j.data.RegistrationParameters;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import com.webauthn4j.server.ServerProperty;
import io.culvert.api.web.Problem;
import io.culvert.api.web.WebRequest;
import io.culvert.web.rest.server.Json;
import io.culvert.web.rest.server.Source;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passkeys (WebAuthn Level 2 section 7). A passkey is asked to verify its user, so it stands for two factors. The
 * authenticator's make is not asked for.
 */
final class Passkeys {
    private static final Logger LOG = LoggerFactory.getLogger(Passkeys.class);
    private static final Duration TIME = Duration.ofMinutes(5);
    private static final int MOST_OPEN = 2000;
    /** Of one source, the oldest of which make room: nobody can push out those of others. */
    private static final int MOST_OPEN_EACH = 16;
    /** ES256, Ed25519 and RS256 of the COSE registry. */
    private static final List<Integer> ALGORITHMS = List.of(-7, -8, -257);

    private final Json json;
    private final Secrets secrets;
    private final InstantSource clock;
    private final Map<String, Challenge> open = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Challenge> eldest) {
            return size() > MOST_OPEN;
        }
    };
    private @Nullable WebAuthnManager manager;

    /** @param purpose {@code sign-in}, or {@code register} and whose it is to be */
    private record Challenge(String purpose, String source, Instant until) {}

    Passkeys(Json json, Secrets secrets, InstantSource clock) {
        this.json = json;
        this.secrets = secrets;
        this.clock = clock;
    }

    /** Made at the first use: it is most of the library. */
    private synchronized WebAuthnManager manager() {
        if (manager == null) {
            manager = WebAuthnManager.createNonStrictWebAuthnManager();
        }
        return manager;
    }

    private synchronized String challenge(String purpose, WebRequest request) {
        String challenge = secrets.word(32);
        String source = Source.of(request.caller().from());
        List<String> same = open.entrySet().stream()
                .filter(each -> each.getValue().source().equals(source))
                .map(Map.Entry::getKey)
                .toList();
        same.stream().limit(Math.max(0, same.size() + 1 - MOST_OPEN_EACH)).forEach(open::remove);
        open.put(challenge, new Challenge(purpose, source, clock.instant().plus(TIME)));
        return challenge;
    }

    /** How many challenges are not answered yet. */
    synchronized int open() {
        return open.size();
    }

    private synchronized void use(String challenge, String purpose) throws Problem {
        Challenge known = open.remove(challenge);
        if (known == null || !known.purpose().equals(purpose) || clock.instant().isAfter(known.until())) {
            throw refused();
        }
    }

    static Problem refused() {
        return new Problem(401, "wrong-credentials", "the passkey was not accepted; try again");
    }

    /** The name that browsers know the console by; a passkey belongs to it. */
    static String site(WebRequest request) throws Problem {
        String host = request.header("Host").orElse("").replaceAll(":[0-9]+$", "");
        if (host.isEmpty() || host.startsWith("[") || host.matches("[0-9.]+")) {
            throw Problem.refused("passkeys need a name: open the console by its name, not by its address");
        }
        return host.toLowerCase(java.util.Locale.ROOT);
    }

    /** PublicKeyCredentialCreationOptionsJSON. */
    Map<String, Object> creation(String name, List<Administrator.Passkey> known, WebRequest request) throws Problem {
        var options = new LinkedHashMap<String, Object>();
        options.put("rp", Map.of("id", site(request), "name", "Culvert"));
        options.put("user", Map.of("id", handle(name), "name", name, "displayName", name));
        options.put("challenge", challenge("register " + name, request));
        options.put("pubKeyCredParams", ALGORITHMS.stream()
                .map(algorithm -> Map.of("type", "public-key", "alg", algorithm))
                .toList());
        options.put("timeout", TIME.toMillis());
        options.put("excludeCredentials", known.stream()
                .map(key -> Map.of("type", "public-key", "id", key.id()))
                .toList());
        options.put("authenticatorSelection", Map.of("residentKey", "required", "requireResidentKey", true,
                "userVerification", "required"));
        options.put("attestation", "none");
        return options;
    }

    /** PublicKeyCredentialRequestOptionsJSON; names no credential, so that it tells nothing of accounts. */
    Map<String, Object> request(WebRequest request) throws Problem {
        var options = new LinkedHashMap<String, Object>();
        options.put("challenge", challenge("sign-in", request));
        options.put("timeout", TIME.toMillis());
        options.put("rpId", site(request));
        options.put("allowCredentials", List.of());
        options.put("userVerification", "required");
        return options;
    }

    private static String handle(String name) {
        return Base64.getUrlEncoder().withoutPadding()
                .encodeToString(Secrets.hash("passkey " + name).substring(0, 32).getBytes(StandardCharsets.US_ASCII));
    }

    /** @param credential the browser's answer, RegistrationResponseJSON */
    Administrator.Passkey register(String name, String label, Map<String, Object> credential, WebRequest request)
            throws Problem {
        String text = json.text(credential);
        try {
            RegistrationData data = manager().parseRegistrationResponseJSON(text);
            String challenge = challenge(data.getCollectedClientData());
            use(challenge, "register " + name);
            manager().verify(data, new RegistrationParameters(server(request, challenge), null, true));
            String id = Base64.getUrlEncoder().withoutPadding().encodeToString(
                    data.getAttestationObject().getAuthenticatorData().getAttestedCredentialData().getCredentialId());
            long count = data.getAttestationObject().getAuthenticatorData().getSignCount();
            return new Administrator.Passkey(id, label, text, count, clock.instant(), null);
        } catch (RuntimeException e) {
            LOG.info("web administrator={}: passkey refused at its registration, {}", name, e.getMessage());
            throw Problem.refused("the passkey was not accepted; try again or take another one");
        }
    }

    /** The id that an answer speaks of; empty when it is no answer. */
    static Optional<String> id(Map<String, Object> credential) {
        return credential.get("id") instanceof String id && id.matches("[A-Za-z0-9_-]{1,1400}")
                ? Optional.of(id)
                : Optional.empty();
    }

    /**
     * Checks a signature.
     *
     * @param credential the browser's answer, AuthenticationResponseJSON
     * @return the passkey as it is to be kept now
     */
    Administrator.Passkey verify(Administrator.Passkey known, Map<String, Object> credential, WebRequest request)
            throws Problem {
        try {
            AuthenticationData data = manager().parseAuthenticationResponseJSON(json.text(credential));
            String challenge = challenge(data.getCollectedClientData());
            use(challenge, "sign-in");
            RegistrationData registered = manager().parseRegistrationResponseJSON(known.registration());
            var stored = new CredentialRecordImpl(
                    registered.getAttestationObject(),
                    registered.getCollectedClientData(),
                    registered.getClientExtensions(),
                    registered.getTransports());
            stored.setCounter(known.count());
            manager().verify(data, new AuthenticationParameters(server(request, challenge), stored, null, true));
            return new Administrator.Passkey(
                    known.id(),
                    known.name(),
                    known.registration(),
                    data.getAuthenticatorData().getSignCount(),
                    known.created(),
                    clock.instant());
        } catch (RuntimeException e) {
            LOG.info("web passkey={}: refused, {}", known.name(), e.getMessage());
            throw refused();
        }
    }

    private static String challenge(com.webauthn4j.data.client.@Nullable CollectedClientData client) {
        if (client == null) {
            throw new IllegalArgumentException("no client data");
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(client.getChallenge().getValue());
    }

    private static ServerProperty server(WebRequest request, String challenge) throws Problem {
        String site = site(request);
        String origin = "https://" + request.header("Host").orElse(site);
        return ServerProperty.builder()
                .origin(new Origin(origin))
                .rpId(site)
                .challenge(new DefaultChallenge(Base64.getUrlDecoder().decode(challenge)))
                .build();
    }
}
