package io.culvert.web.rest.access;

import static io.culvert.api.web.WebEndpoint.delete;
import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.post;
import static io.culvert.api.web.WebEndpoint.put;

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

/** {@code /me}: an administrator's own password, one-time codes, passkeys and recovery codes. */
public final class OwnAccount implements WebEndpoints {
    static final int CODES = 10;
    private static final String BASE = "/api/v1/me";
    private static final int MOST_PASSKEYS = 20;

    private final Access access;
    /** Secrets that no code has confirmed yet, by session. */
    private final Map<String, String> secrets = new ConcurrentHashMap<>();

    public OwnAccount(Access access) {
        this.access = access;
    }

    record Key(String id, String name, Instant created, @Nullable Instant used) {}

    record Factors(boolean password, boolean totp, List<Key> passkeys, int recoveryLeft, boolean factorNeeded) {}

    record NewPassword(String password) {}

    record Totps(String secret, String uri, String qr) {}

    record Code(String code) {}

    record Language(String language) {}

    record Codes(List<String> recovery) {}

    record NewKey(@Nullable String name, Map<String, Object> credential) {}

    record KeyAdded(Key passkey, List<String> recovery) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(BASE + "/factors", Role.SIGNED_IN, "What the caller signs in with.", Factors.class, this::factors),
                post(BASE + "/password", Role.SIGNED_IN, "Change the caller's password; ends the other sessions.",
                                NewPassword.class, Void.class, this::password)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/totp", Role.SIGNED_IN, "A new secret for one-time codes, to be confirmed with a code.",
                                Void.class, Totps.class, this::totp)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/totp:confirm", Role.SIGNED_IN, "Confirm the new secret; with the first factor come recovery codes.",
                        Code.class, Codes.class, this::totpConfirmed),
                post(BASE + "/totp:remove", Role.SIGNED_IN, "Take the secret away, if a passkey is left.",
                                Void.class, Void.class, this::totpRemoved)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/passkeys/options", Role.SIGNED_IN, "What the browser asks a new passkey.",
                                Void.class, Map.class, this::passkeyOptions)
                        .with(Flag.FRESH_PROOF, Flag.UNAUDITED),
                post(BASE + "/passkeys", Role.SIGNED_IN, "Register a passkey; with the first factor come recovery codes.",
                                NewKey.class, KeyAdded.class, this::passkeyAdded)
                        .with(Flag.FRESH_PROOF),
                delete(BASE + "/passkeys/{id}", Role.SIGNED_IN, "Remove a passkey.", this::passkeyRemoved)
                        .with(Flag.FRESH_PROOF),
                post(BASE + "/recovery-codes", Role.SIGNED_IN, "Ten new recovery codes in place of the old ones.",
                                Void.class, Codes.class, this::newCodes)
                        .with(Flag.FRESH_PROOF),
                put(BASE + "/language", Role.SIGNED_IN, "Keep the language that the caller reads the console in.",
                        Language.class, Void.class, this::language));
    }

    private WebResponse language(WebRequest request) throws Problem {
        Caller caller = request.caller();
        if (caller.means() != Caller.Means.SESSION) {
            throw Problem.forbidden("this is for those who have signed in");
        }
        String language = request.body(Language.class).language();
        if (!language.matches("|[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")) {
            throw Problem.field("language", "must be a tag such as de, or empty for the browser's own");
        }
        request.changed("language", access.languages.of(caller.role(), caller.name()), language);
        access.languages.set(caller.role(), caller.name(), language);
        return WebResponse.none();
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

    private WebResponse factors(WebRequest request) throws Problem {
        Administrator self = self(request);
        return WebResponse.json(new Factors(
                !self.password().isEmpty(),
                !self.totp().isEmpty(),
                self.passkeys().stream().map(OwnAccount::shown).toList(),
                self.recovery().size(),
                self.needsFactor()));
    }

    private static Key shown(Administrator.Passkey key) {
        return new Key(key.id(), key.name(), key.created(), key.used());
    }

    private WebResponse password(WebRequest request) throws Problem {
        Administrator self = self(request);
        String password = request.body(NewPassword.class).password();
        Password.check(password);
        String hash = access.passwords.hash(password);
        access.signIns.changing(self);
        access.administrators.change(self.name(), known -> known.withPassword(hash));
        request.changedSecret("password");
        String current = session(request);
        access.sessions.endAll(each -> each.name().equals(self.name()) && each.role() != Role.SELF && !each.id().equals(current));
        return WebResponse.none();
    }

    private WebResponse totp(WebRequest request) throws Problem {
        Administrator self = self(request);
        String secret = Totp.newSecret(access.secrets.random());
        // Sessions end without telling; what they left behind must not grow.
        secrets.keySet().removeIf(id -> access.sessions.byId(id) == null);
        secrets.put(session(request), secret);
        String uri = Totp.uri(secret, self.name());
        return WebResponse.json(new Totps(secret, uri, Totp.svg(uri)));
    }

    private WebResponse totpConfirmed(WebRequest request) throws Problem {
        Administrator self = self(request);
        String id = session(request);
        String secret = secrets.get(id);
        if (secret == null) {
            throw Problem.conflict("no-secret", "ask for a secret first");
        }
        String code = request.body(Code.class).code().replaceAll("\\s", "");
        var period = Totp.accept(secret, code, 0, access.clock.instant().getEpochSecond());
        if (period.isEmpty()) {
            throw Problem.field("code", "is wrong; compare the clocks of both devices");
        }
        secrets.remove(id);
        if (self.totp().isEmpty()) {
            request.changed("totp", "false", "true");
        } else {
            request.changedSecret("totp");
        }
        var codes = self.hasFactor() ? List.<String>of() : codes();
        access.administrators.change(self.name(), known -> {
            Administrator next = known.withTotp(secret, period.getAsLong());
            return codes.isEmpty() ? next : next.withRecovery(hashes(codes));
        });
        return WebResponse.json(new Codes(codes));
    }

    private WebResponse totpRemoved(WebRequest request) throws Problem {
        Administrator self = self(request);
        keepFactor(self, self.withTotp("", 0));
        access.signIns.changing(self);
        access.administrators.change(self.name(), known -> known.withTotp("", 0));
        request.changed("totp", "true", "false");
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
        var codes = self.hasFactor() ? List.<String>of() : codes();
        access.administrators.change(self.name(), known -> {
            var keys = new ArrayList<>(known.passkeys());
            keys.removeIf(each -> each.id().equals(key.id()));
            keys.add(key);
            Administrator next = known.withPasskeys(keys);
            return codes.isEmpty() ? next : next.withRecovery(hashes(codes));
        });
        request.changed("passkeys", String.valueOf(self.passkeys().size()), String.valueOf(self.passkeys().size() + 1));
        return new WebResponse.Json(201, new KeyAdded(shown(key), codes), Map.of());
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
        access.signIns.changing(self);
        access.administrators.change(self.name(), known -> known.withPasskeys(
                known.passkeys().stream().filter(each -> !each.id().equals(id)).toList()));
        request.changed("passkeys", String.valueOf(self.passkeys().size()), String.valueOf(left.size()));
        return WebResponse.none();
    }

    private WebResponse newCodes(WebRequest request) throws Problem {
        Administrator self = self(request);
        if (!self.hasFactor()) {
            throw Problem.conflict("no-factor", "add a second factor first; recovery codes come with it");
        }
        List<String> codes = codes();
        access.administrators.change(self.name(), known -> known.withRecovery(hashes(codes)));
        request.changedSecret("recoveryCodes");
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
