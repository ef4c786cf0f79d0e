package io.culvert.web.rest.access;

import static io.culvert.api.web.WebEndpoint.delete;
import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.post;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** {@code /auth}: sign in by steps, look at one's sessions, prove again who one is, and leave. */
public final class SignIn implements WebEndpoints {
    private static final String BASE = "/api/v1/auth";

    private final Access access;
    private final UserLogin users;

    public SignIn(Access access, UserLogin users) {
        this.access = access;
        this.users = users;
    }

    record NamePassword(String name, String password) {}

    record UserPassword(String name, String password, @Nullable String code) {}

    record Code(String code) {}

    record Name(@Nullable String name) {}

    record Next(List<String> next) {}

    record Proof(@Nullable String password, @Nullable String code, @Nullable Map<String, Object> credential) {}

    record Place(String id, boolean current, String from, String agent, Instant since, Instant seen) {}

    record Places(List<Place> items, @Nullable String next, int total) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                post(BASE + "/password", Role.NONE, "Sign in with a password; says which factor is asked for next.",
                        NamePassword.class, Next.class, this::password),
                post(BASE + "/totp", Role.NONE, "The second step: a one-time code or a recovery code.",
                        Code.class, Access.Me.class, this::code),
                post(BASE + "/passkey/options", Role.NONE, "What the browser asks a passkey.",
                                Name.class, Map.class, request -> WebResponse.json(access.passkeys.request(request)))
                        .with(Flag.UNAUDITED),
                post(BASE + "/passkey", Role.NONE, "Sign in with a passkey.", Map.class, Access.Me.class, this::passkey),
                post(BASE + "/user", Role.NONE, "Sign in as a user of the VPN.",
                        UserPassword.class, Access.Me.class, this::user),
                get(BASE + "/session", Role.NONE, "Who is signed in; the name is empty when nobody is.", Access.Me.class, this::me)
                        .with(Flag.BEFORE_SETUP),
                delete(BASE + "/session", Role.SIGNED_IN, "Sign out.", this::leave),
                get(BASE + "/sessions", Role.SIGNED_IN, "The places where the caller is signed in.",
                        Places.class, this::places),
                delete(BASE + "/sessions/{id}", Role.SIGNED_IN, "End one of the caller's sessions.", this::end),
                post(BASE + "/confirm", Role.SIGNED_IN, "Prove again who is there, for what is dangerous.",
                        Proof.class, Access.Me.class, this::confirm));
    }

    private static Problem wrong() {
        return new Problem(401, "wrong-credentials", "name or password is wrong");
    }

    private WebResponse password(WebRequest request) throws Problem {
        NamePassword body = request.body(NamePassword.class);
        String from = request.caller().from();
        String account = "password " + account(body.name());
        access.delays.check(account, from);
        // Counted before it is known, so that many at once gain nothing.
        access.delays.failed(account, from);
        Optional<Administrator> known = access.administrators.find(body.name());
        request.target(known.map(each -> "administrator " + each.name()).orElse("unknown name"));
        boolean right = access.passwords.matches(
                body.password(), known.map(Administrator::password).orElse(""));
        if (!right || !known.get().enabled()) {
            throw wrong();
        }
        Administrator administrator = known.get();
        request.begin();
        access.delays.succeeded(account, from);
        if (!administrator.hasFactor()) {
            WebResponse.Json entered =
                    (WebResponse.Json) access.enter(administrator.name(), administrator.role(), "password", request);
            return new WebResponse.Json(200, new Next(List.of()), entered.headers());
        }
        Sessions.Opened opened = access.sessions.open(
                Session.Stage.HALF, administrator.name(), administrator.role(), "password", from, Access.agent(request));
        return WebResponse.json(new Next(next(administrator))).with("Set-Cookie", Cookies.set(opened.secret()));
    }

    private static List<String> next(Administrator administrator) {
        var next = new ArrayList<String>();
        if (!administrator.totp().isEmpty()) {
            next.add("totp");
        }
        if (!administrator.passkeys().isEmpty()) {
            next.add("passkey");
        }
        return next;
    }

    private static String account(String name) {
        return name.length() > 64 ? "long" : name.toLowerCase(java.util.Locale.ROOT);
    }

    private WebResponse code(WebRequest request) throws Problem {
        Session half = access.session(request)
                .filter(session -> session.stage() == Session.Stage.HALF)
                .orElseThrow(() -> new Problem(401, "password-first", "sign in with your password first"));
        request.target("administrator " + half.name());
        String code = request.body(Code.class).code();
        String from = request.caller().from();
        String account = "code " + account(half.name());
        access.delays.check(account, from);
        access.delays.failed(account, from);
        request.begin();
        boolean recovery = useCode(half.name(), code);
        access.delays.succeeded(account, from);
        if (recovery) {
            request.note("with a recovery code");
        }
        return access.enter(half.name(), half.role(), recovery ? "password+recovery" : "password+totp", request);
    }

    /**
     * Uses a one-time code up.
     *
     * @return whether it was a recovery code
     * @throws Problem 401 when it is neither
     */
    private boolean useCode(String name, String typed) throws Problem {
        String digits = typed.replaceAll("\\s", "");
        String hash = Secrets.hash(Secrets.typed(typed));
        var how = new AtomicReference<>("");
        access.administrators.change(name, known -> {
            how.set("");
            var period = known.totp().isEmpty()
                    ? java.util.OptionalLong.empty()
                    : Totp.accept(known.totp(), digits, known.totpPeriod(), access.clock.instant().getEpochSecond());
            if (period.isPresent()) {
                how.set("totp");
                return known.withTotp(known.totp(), period.getAsLong());
            }
            if (known.recovery().contains(hash)) {
                how.set("recovery");
                return known.withRecovery(
                        known.recovery().stream().filter(each -> !each.equals(hash)).toList());
            }
            return known;
        });
        if (how.get().isEmpty()) {
            throw new Problem(401, "wrong-credentials", "this code is wrong or was used before");
        }
        return how.get().equals("recovery");
    }

    private WebResponse passkey(WebRequest request) throws Problem {
        String from = request.caller().from();
        access.delays.check(Delays.NO_ACCOUNT, from);
        Administrator administrator = usePasskey(credential(request.body(Map.class)), request);
        return access.enter(administrator.name(), administrator.role(), "passkey", request);
    }

    private static Map<String, Object> credential(Map<?, ?> body) {
        var credential = new HashMap<String, Object>();
        body.forEach((key, value) -> credential.put(String.valueOf(key), value));
        return credential;
    }

    private Administrator usePasskey(Map<String, Object> credential, WebRequest request) throws Problem {
        String id = Passkeys.id(credential).orElseThrow(Passkeys::refused);
        for (Administrator each : access.administrators.all()) {
            for (Administrator.Passkey key : each.passkeys()) {
                if (key.id().equals(id) && each.enabled()) {
                    request.target("administrator " + each.name());
                    Administrator.Passkey used = access.passkeys.verify(key, credential, request);
                    request.begin();
                    return access.administrators.change(each.name(), known -> known.withPasskeys(known.passkeys().stream()
                            .map(other -> other.id().equals(id) ? used : other)
                            .toList()));
                }
            }
        }
        access.delays.failed(Delays.NO_ACCOUNT, request.caller().from());
        throw Passkeys.refused();
    }

    private WebResponse user(WebRequest request) throws Problem, InterruptedException {
        UserPassword body = request.body(UserPassword.class);
        String from = request.caller().from();
        String account = "user " + account(body.name());
        access.delays.check(account, from);
        access.delays.failed(account, from);
        request.target("user " + (body.name().matches("[A-Za-z0-9._@-]{1,64}") ? body.name() : "of a strange name"));
        String code = body.code() == null ? "" : body.code();
        if (!users.check(body.name(), body.password(), code, from)) {
            throw code.isEmpty() && users.asksForCodes()
                    ? new Problem(401, "code-needed", "name or password is wrong, or a code is needed too")
                    : wrong();
        }
        request.begin();
        access.delays.succeeded(account, from);
        return access.enter(body.name(), Role.SELF, code.isEmpty() ? "password" : "password+totp", request);
    }

    private Session current(WebRequest request) throws Problem {
        return access.session(request)
                .filter(session -> session.stage() == Session.Stage.FULL)
                .orElseThrow(() -> new Problem(404, "no-session", "this call comes without a session"));
    }

    private WebResponse me(WebRequest request) throws Problem {
        // Every page asks, so nobody is an answer and no error.
        var session = access.session(request).filter(each -> each.stage() == Session.Stage.FULL);
        return WebResponse.json(session.isPresent() ? access.me(session.get()) : access.nobody());
    }

    private WebResponse leave(WebRequest request) throws Problem {
        access.sessions.end(current(request).id());
        return WebResponse.none().with("Set-Cookie", Cookies.clear());
    }

    private WebResponse places(WebRequest request) throws Problem {
        Session current = current(request);
        List<Place> items = access.sessions.of(current.name(), current.role()).stream()
                .map(each -> new Place(
                        each.id(), each.id().equals(current.id()), each.from(), each.agent(), each.since(), each.seen()))
                .toList();
        return WebResponse.json(new Places(items, null, items.size()));
    }

    private WebResponse end(WebRequest request) throws Problem {
        Session current = current(request);
        String id = request.parameter("id");
        if (access.sessions.of(current.name(), current.role()).stream().noneMatch(each -> each.id().equals(id))) {
            throw Problem.notFound("you have no such session");
        }
        access.sessions.end(id);
        return WebResponse.none();
    }

    private WebResponse confirm(WebRequest request) throws Problem {
        Session current = current(request);
        Proof proof = request.body(Proof.class);
        String from = request.caller().from();
        String account = "code " + account(current.name());
        access.delays.check(account, from);
        access.delays.failed(account, from);
        if (proof.credential() != null) {
            Administrator owner = usePasskey(proof.credential(), request);
            if (current.role() == Role.SELF || !owner.name().equals(current.name())) {
                throw Passkeys.refused();
            }
        } else {
            passwordAgain(current, proof);
        }
        access.delays.succeeded(account, from);
        Sessions.Opened opened = access.sessions.proved(current);
        return WebResponse.json(access.me(opened.session())).with("Set-Cookie", Cookies.set(opened.secret()));
    }

    private void passwordAgain(Session current, Proof proof) throws Problem {
        Administrator known = current.role() == Role.SELF
                ? null
                : access.administrators.find(current.name()).orElse(null);
        String password = proof.password() == null ? "" : proof.password();
        String code = proof.code() == null ? "" : proof.code();
        if (known == null || !access.passwords.matches(password, known.password())) {
            throw new Problem(401, "wrong-credentials", "the password is wrong");
        }
        if (known.hasFactor()) {
            if (code.isEmpty()) {
                throw Problem.field("code", "is needed too; or use your passkey alone");
            }
            useCode(known.name(), code);
        }
    }
}
