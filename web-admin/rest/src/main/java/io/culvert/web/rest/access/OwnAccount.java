package io.culvert.web.rest.access;

import static io.culvert.api.web.WebEndpoint.delete;
import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.patch;
import static io.culvert.api.web.WebEndpoint.post;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** {@code /auth/account}: an administrator's own password, one-time codes, passkeys and recovery codes. */
public final class OwnAccount implements WebEndpoints {
    static final int CODES = 10;
    private static final String BASE = "/api/v1/auth/account";
    private static final int MOST_PASSKEYS = 20;

    private final Access access;
    /** Secrets that no code has confirmed yet, by session. */
    private final Map<String, String> secrets = new ConcurrentHashMap<>();

    public OwnAccount(Access access) {
        this.access = access;
    }

    record Key(String id, String name, Instant created, @Nullable Instant used) {}

    record Account(
            String name,
            String role,
            @Nullable String language,
            boolean totp,
            List<Key> passkeys,
            int recoveryCodes,
            boolean factorNeeded) {}

    record Language(String language) {}

    record NewPassword(@Nullable String old, String password) {}

    /** Nothing for a new secret, its code to confirm it. */
    record Totps(@Nullable String code) {}

    record Secret(String secret, String uri, String qr) {}

    record Codes(List<String> codes) {}

    record NewKey(@Nullable String name, Map<String, Object> credential) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(BASE, Role.SIGNED_IN, "What the caller signs in with.", Account.class, this::account),
                patch(BASE, Role.SIGNED_IN, "Choose the language of the pages.",
                        Language.class, Account.class, this::language),
                post(BASE + "/password", Role.SIGNED_IN, "Change the caller's password; ends the other sessions.",
                        NewPassword.class, Void.class, this::password),
                post(BASE + "/totp", Role.SIGNED_IN, "A new secret for one-time codes; sent again with its code, it counts.",
                                Totps.class, Secret.class, this::totp)
                        .with(Flag.FRESH_PROOF),
                delete(BASE + "/totp", Role.SIGNED_IN, "Take the secret away, if a passkey is left.", this::totpRemoved)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/passkeys/options", Role.SIGNED_IN, "What the browser asks a new passkey.",
                                Void.class, Map.class, this::passkeyOptions)
                        .with(Flag.FRESH_PROOF, Flag.UNAUDITED),
                post(BASE + "/passkeys", Role.SIGNED_IN, "Register a passkey.", NewKey.class, Key.class, this::passkeyAdded)
                        .with(Flag.FRESH_PROOF),
                delete(BASE + "/passkeys/{id}", Role.SIGNED_IN, "Remove a passkey.", this::passkeyRemoved)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/recovery-codes", Role.SIGNED_IN, "Ten new recovery codes in place of the old ones.",
                                Void.class, Codes.class, this::newCodes)
                        .with(Flag.FRESH_PROOF));
    }

    private Administrator self(WebRequest request) throws Problem {
        Caller caller = request.caller();
        if (caller.means() != Caller.Means.SESSION || caller.role() == Role.SELF) {
            throw Problem.forbidden("this is for administrators who have signed in");
        }
        request.target("administrator " + caller.name());
        return access.administrators.find(caller.name()).orElseThrow(() -> Problem.notFound("you are no more"));
    }

    private String session(WebRequest request) throws Problem {
        return access.session(request).map(Session::id).orElseThrow(() -> Problem.notFound("there is no session"));
    }

    private WebResponse account(WebRequest request) throws Problem {
        return WebResponse.json(shown(self(request)));
    }

    private static Account shown(Administrator self) {
        return new Account(
                self.name(),
                Access.text(self.role()),
                self.language(),
                !self.totp().isEmpty(),
                self.passkeys().stream().map(OwnAccount::shown).toList(),
                self.recovery().size(),
                self.needsFactor());
    }

    private WebResponse language(WebRequest request) throws Problem {
        Administrator self = self(request);
        String code = request.body(Language.class).language();
        if (!code.matches("[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")) {
            throw Problem.field("language", "must be a language tag such as en or de");
        }
        return WebResponse.json(shown(access.administrators.change(self.name(), known -> known.speaking(code))));
    }

    private static Key shown(Administrator.Passkey key) {
        return new Key(key.id(), key.name(), key.created(), key.used());
    }

    private WebResponse password(WebRequest request) throws Problem {
        Administrator self = self(request);
        NewPassword body = request.body(NewPassword.class);
        String password = body.password();
        Password.check(password);
        String account = "code " + self.name();
        String from = request.caller().from();
        access.delays.check(account, from);
        access.delays.failed(account, from);
        String old = body.old() == null ? "" : body.old();
        if (!self.password().isEmpty() && !access.passwords.matches(old, self.password())) {
            throw Problem.field("old", "is not your password");
        }
        access.delays.succeeded(account, from);
        String hash = access.passwords.hash(password);
        access.administrators.change(self.name(), known -> known.withPassword(hash));
        String current = session(request);
        access.sessions.endAll(each -> each.name().equals(self.name()) && each.role() != Role.SELF && !each.id().equals(current));
        return WebResponse.none();
    }

    private WebResponse totp(WebRequest request) throws Problem {
        Administrator self = self(request);
        String code = request.body(Totps.class).code();
        if (code != null && !code.isEmpty()) {
            request.note("confirmed");
            return totpConfirmed(self, session(request), code);
        }
        String secret = Totp.newSecret(access.secrets.random());
        // Sessions end without telling; what they left behind must not grow.
        secrets.keySet().removeIf(id -> access.sessions.byId(id) == null);
        secrets.put(session(request), secret);
        String uri = Totp.uri(secret, self.name());
        return WebResponse.json(new Secret(secret, uri, Totp.svg(uri)));
    }

    private WebResponse totpConfirmed(Administrator self, String id, String typed) throws Problem {
        String secret = secrets.get(id);
        if (secret == null) {
            throw Problem.conflict("no-secret", "ask for a secret first");
        }
        var period = Totp.accept(
                secret, typed.replaceAll("\\s", ""), 0, access.clock.instant().getEpochSecond());
        if (period.isEmpty()) {
            throw Problem.field("code", "is wrong; compare the clocks of both devices");
        }
        secrets.remove(id);
        access.administrators.change(self.name(), known -> known.withTotp(secret, period.getAsLong()));
        return WebResponse.none();
    }

    private WebResponse totpRemoved(WebRequest request) throws Problem {
        Administrator self = self(request);
        keepFactor(self, self.withTotp("", 0));
        access.administrators.change(self.name(), known -> known.withTotp("", 0));
        return WebResponse.none();
    }

    private static void keepFactor(Administrator now, Administrator next) throws Problem {
        if (!now.needsFactor() && next.needsFactor()) {
            throw Problem.conflict("last-factor", "this is your last second factor; add another one first");
        }
    }

    private WebResponse passkeyOptions(WebRequest request) throws Problem {
        Administrator self = self(request);
        return WebResponse.json(access.passkeys.creation(self.name(), self.passkeys(), request));
    }

    private WebResponse passkeyAdded(WebRequest request) throws Problem {
        Administrator self = self(request);
        NewKey body = request.body(NewKey.class);
        if (self.passkeys().size() >= MOST_PASSKEYS) {
            throw Problem.conflict("too-many", "remove a passkey first; " + MOST_PASSKEYS + " are the most");
        }
        Administrator.Passkey key =
                access.passkeys.register(self.name(), label(body.name()), body.credential(), request);
        access.administrators.change(self.name(), known -> {
            var keys = new ArrayList<>(known.passkeys());
            keys.removeIf(each -> each.id().equals(key.id()));
            keys.add(key);
            return known.withPasskeys(keys);
        });
        return new WebResponse.Json(201, shown(key), Map.of());
    }

    static String label(@Nullable String name) {
        String label = Objects.requireNonNullElse(name, "").replaceAll("\\p{Cntrl}", " ").strip();
        return label.isEmpty() ? "Passkey" : label.substring(0, Math.min(60, label.length()));
    }

    private WebResponse passkeyRemoved(WebRequest request) throws Problem {
        Administrator self = self(request);
        String id = request.parameter("id");
        var left = self.passkeys().stream().filter(each -> !each.id().equals(id)).toList();
        if (left.size() == self.passkeys().size()) {
            throw Problem.notFound("you have no such passkey");
        }
        keepFactor(self, self.withPasskeys(left));
        access.administrators.change(self.name(), known -> known.withPasskeys(
                known.passkeys().stream().filter(each -> !each.id().equals(id)).toList()));
        return WebResponse.none();
    }

    private WebResponse newCodes(WebRequest request) throws Problem {
        Administrator self = self(request);
        if (!self.hasFactor()) {
            throw Problem.conflict("no-factor", "add a second factor first; recovery codes come with it");
        }
        List<String> codes = codes();
        access.administrators.change(self.name(), known -> known.withRecovery(hashes(codes)));
        return WebResponse.json(new Codes(codes));
    }

    private List<String> codes() {
        return codes(access.secrets);
    }

    static List<String> codes(Secrets secrets) {
        var codes = new ArrayList<String>();
        for (int i = 0; i < CODES; i++) {
            codes.add(secrets.typed(3));
        }
        return codes;
    }

    static List<String> hashes(List<String> codes) {
        return codes.stream().map(code -> Secrets.hash(Secrets.typed(code))).toList();
    }
}
