package io.culvert.web.rest.access;

import static io.culvert.api.web.WebEndpoint.delete;
import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.patch;
import static io.culvert.api.web.WebEndpoint.post;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code /administrators} and {@code /tokens}: who may do what. */
public final class AdministratorEndpoints implements WebEndpoints {
    private static final String PEOPLE = "/api/v1/administrators";
    private static final String TOKENS = "/api/v1/tokens";
    private static final int MOST_DAYS = 366;

    private final Access access;

    public AdministratorEndpoints(Access access) {
        this.access = access;
    }

    record Shown(
            String name,
            String role,
            boolean enabled,
            boolean totp,
            int passkeys,
            int recoveryCodes,
            Instant created,
            @Nullable Instant lastSeen,
            int sessions) {}

    record Listed(List<Shown> items, @Nullable String next, int total) {}

    record Added(String name, String role, String password) {}

    record Changed(@Nullable String role, @Nullable Boolean enabled, @Nullable String password) {}

    /** A new secret for one-time codes with its recovery codes, to be handed over; shown once. */
    record Handed(String name, String role, String uri, String qr, List<String> recoveryCodes) {}

    record Reset(String password) {}

    record Token(
            String id,
            String name,
            String role,
            boolean readOnly,
            List<String> paths,
            String by,
            Instant created,
            Instant expires,
            @Nullable Instant lastUsed) {}

    record Tokens(List<Token> items, @Nullable String next, int total) {}

    record NewToken(String name, String role, int validDays, @Nullable Boolean readOnly, @Nullable List<String> paths) {}

    record MadeToken(String id, String token, Instant expires) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(PEOPLE, Role.ADMINISTRATOR, "Who may sign in to the console.", Listed.class, this::list),
                post(PEOPLE, Role.ADMINISTRATOR, "Add an administrator; the secret for one-time codes is shown once.",
                                Added.class, Handed.class, this::add)
                        .with(Flag.FRESH_PROOF),
                get(PEOPLE + "/{name}", Role.ADMINISTRATOR, "One administrator.", Shown.class,
                        request -> WebResponse.json(shown(found(request)))),
                patch(PEOPLE + "/{name}", Role.ADMINISTRATOR, "Change role or password, or keep somebody out; ends the sessions.",
                                Changed.class, Shown.class, this::change)
                        .with(Flag.FRESH_PROOF),
                post(PEOPLE + "/{name}:reset", Role.ADMINISTRATOR, "New password and new second factor together.",
                                Reset.class, Handed.class, this::reset)
                        .with(Flag.FRESH_PROOF),
                delete(PEOPLE + "/{name}", Role.ADMINISTRATOR, "Remove an administrator.", this::remove)
                        .with(Flag.FRESH_PROOF),
                get(TOKENS, Role.ADMINISTRATOR, "The tokens for programs.", Tokens.class, this::tokens),
                post(TOKENS, Role.ADMINISTRATOR, "Make a token; its secret is shown once.",
                                NewToken.class, MadeToken.class, this::makeToken)
                        .with(Flag.FRESH_PROOF),
                delete(TOKENS + "/{id}", Role.ADMINISTRATOR, "Withdraw a token.", this::removeToken));
    }

    private Administrator found(WebRequest request) throws Problem {
        String name = request.parameter("name");
        return access.administrators
                .find(name)
                .orElseThrow(() -> Problem.notFound("there is no administrator '" + name + "'"));
    }

    private Shown shown(Administrator each) {
        return new Shown(
                each.name(),
                Access.text(each.role()),
                each.enabled(),
                !each.totp().isEmpty(),
                each.passkeys().size(),
                each.recovery().size(),
                each.created(),
                each.signedIn(),
                access.sessions.of(each.name(), each.role()).size());
    }

    private WebResponse list(WebRequest request) throws Problem {
        List<Shown> items = access.administrators.all().stream().map(this::shown).toList();
        return WebResponse.json(new Listed(items, null, items.size()));
    }

    private WebResponse add(WebRequest request) throws Problem {
        Added body = request.body(Added.class);
        Administrators.checkName(body.name());
        request.target("administrator " + body.name());
        request.note("role " + body.role());
        Role role = Access.role(body.role());
        Password.check(body.password());
        String secret = Totp.newSecret(access.secrets.random());
        List<String> codes = OwnAccount.codes(access.secrets);
        access.administrators.add(
                Administrator.of(body.name(), role, access.passwords.hash(body.password()), access.clock.instant())
                        .withTotp(secret, 0)
                        .withRecovery(OwnAccount.hashes(codes)));
        return WebResponse.created(PEOPLE + "/" + body.name(), handed(body.name(), role, secret, codes));
    }

    private static Handed handed(String name, Role role, String secret, List<String> codes) {
        String uri = Totp.uri(secret, name);
        return new Handed(name, Access.text(role), uri, Totp.svg(uri), codes);
    }

    private WebResponse change(WebRequest request) throws Problem {
        Administrator found = found(request);
        Changed body = request.body(Changed.class);
        String roleText = body.role();
        Role role = roleText == null ? found.role() : Access.role(roleText);
        boolean enabled = Objects.requireNonNullElse(body.enabled(), found.enabled());
        String password = body.password();
        request.note("role " + Access.text(role) + (enabled ? "" : ", kept out") + (password == null ? "" : ", new password"));
        String hash = "";
        if (password != null) {
            Password.check(password);
            hash = access.passwords.hash(password);
        }
        String kept = hash;
        Administrator next = access.administrators.change(found.name(), known -> {
            Administrator changed = known.with(role, enabled);
            return kept.isEmpty() ? changed : changed.withPassword(kept);
        });
        String own = request.caller().name().equals(found.name())
                ? access.session(request).map(Session::id).orElse("")
                : "";
        boolean keepOwn = role == found.role() && enabled;
        endSessions(found.name(), keepOwn ? own : "");
        return WebResponse.json(shown(next));
    }

    private void endSessions(String name, String but) throws Problem {
        access.sessions.endAll(
                each -> each.name().equals(name) && each.role() != Role.SELF && !each.id().equals(but));
    }

    private WebResponse reset(WebRequest request) throws Problem {
        Administrator found = found(request);
        String password = request.body(Reset.class).password();
        Password.check(password);
        String hash = access.passwords.hash(password);
        String secret = Totp.newSecret(access.secrets.random());
        List<String> codes = OwnAccount.codes(access.secrets);
        access.administrators.change(found.name(), known -> known.withPassword(hash)
                .withTotp(secret, 0)
                .withPasskeys(List.of())
                .withRecovery(OwnAccount.hashes(codes)));
        endSessions(found.name(), "");
        return WebResponse.json(handed(found.name(), found.role(), secret, codes));
    }

    private WebResponse remove(WebRequest request) throws Problem {
        Administrator found = found(request);
        access.administrators.remove(found.name());
        endSessions(found.name(), "");
        return WebResponse.none();
    }

    private static Token shown(io.culvert.web.rest.access.Tokens.Token each, @Nullable Instant used) {
        return new Token(each.id(), each.name(), Access.text(each.role()), each.readOnly(), each.paths(), each.by(),
                each.created(), each.expires(), used);
    }

    private WebResponse tokens(WebRequest request) throws Problem {
        List<Token> items = access.tokens.all().stream()
                .map(each -> shown(each, access.tokens.lastUse(each.id())))
                .toList();
        return WebResponse.json(new Tokens(items, null, items.size()));
    }

    private WebResponse makeToken(WebRequest request) throws Problem {
        NewToken body = request.body(NewToken.class);
        if (!body.name().matches("[^\\p{Cntrl}]{1,60}")) {
            throw Problem.field("name", "must have 1 to 60 characters");
        }
        if (body.validDays() < 1 || body.validDays() > MOST_DAYS) {
            throw Problem.field("validDays", "must be 1 to " + MOST_DAYS);
        }
        List<String> paths = Objects.requireNonNullElse(body.paths(), List.of());
        for (String path : paths) {
            if (!path.startsWith("/api/v1/") && !path.equals("/metrics") || path.length() > 200) {
                throw Problem.field("paths", "must each begin with /api/v1/");
            }
        }
        Role role = Access.role(body.role());
        var made = access.tokens.make(
                body.name(),
                role,
                Objects.requireNonNullElse(body.readOnly(), false),
                paths,
                request.caller().name(),
                access.clock.instant().plus(Duration.ofDays(body.validDays())));
        request.target("token " + made.token().id());
        request.note("role " + Access.text(role) + " for " + body.validDays() + " days");
        return new WebResponse.Json(
                201, new MadeToken(made.token().id(), made.text(), made.token().expires()), Map.of("Location", TOKENS + "/" + made.token().id()));
    }

    private WebResponse removeToken(WebRequest request) throws Problem {
        access.tokens.remove(request.parameter("id"));
        return WebResponse.none();
    }
}
