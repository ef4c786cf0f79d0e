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
            int recoveryLeft,
            boolean factorNeeded,
            Instant created,
            @Nullable Instant signedIn,
            int sessions) {}

    record Listed(List<Shown> items, @Nullable String next, int total) {}

    record Added(String name, String role, String password) {}

    record Changed(@Nullable String role, @Nullable Boolean enabled, @Nullable String password) {}

    record Token(
            String id,
            String name,
            String role,
            boolean readOnly,
            List<String> paths,
            String by,
            Instant created,
            Instant expires,
            @Nullable Instant used) {}

    record Tokens(List<Token> items, @Nullable String next, int total) {}

    record NewToken(String name, String role, int days, @Nullable Boolean readOnly, @Nullable List<String> paths) {}

    record MadeToken(Token token, String secret) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(PEOPLE, Role.ADMINISTRATOR, "Who may sign in to the console.", Listed.class, this::list),
                post(PEOPLE, Role.ADMINISTRATOR, "Add an administrator; who can change anything adds a second factor at the first sign-in.",
                                Added.class, Shown.class, this::add)
                        .with(Flag.FRESH_PROOF),
                get(PEOPLE + "/{name}", Role.ADMINISTRATOR, "One administrator.", Shown.class,
                        request -> WebResponse.json(shown(found(request)))),
                patch(PEOPLE + "/{name}", Role.ADMINISTRATOR, "Change role or password, or keep somebody out; ends the sessions.",
                                Changed.class, Shown.class, this::change)
                        .with(Flag.FRESH_PROOF),
                post(PEOPLE + "/{name}:reset-factor", Role.ADMINISTRATOR, "Take the second factors away: they are added anew at the next sign-in.",
                                Void.class, Shown.class, this::resetFactor)
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
                each.needsFactor(),
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
        Role role = Access.role(body.role());
        request.changed("role", "", Access.text(role));
        Password.check(body.password());
        var added = Administrator.of(
                body.name(), role, access.passwords.hash(body.password()), access.clock.instant());
        access.administrators.add(added);
        return WebResponse.created(PEOPLE + "/" + body.name(), shown(added));
    }

    private WebResponse change(WebRequest request) throws Problem {
        Administrator found = found(request);
        Changed body = request.body(Changed.class);
        String roleText = body.role();
        Role role = roleText == null ? found.role() : Access.role(roleText);
        boolean enabled = Objects.requireNonNullElse(body.enabled(), found.enabled());
        String password = body.password();
        String hash = "";
        if (password != null) {
            Password.check(password);
            hash = access.passwords.hash(password);
        }
        String kept = hash;
        boolean self = isSelf(request, found);
        if (self && !enabled) {
            throw ownAccount(found);
        }
        if (self) {
            access.signIns.changing(found);
        }
        Administrator next = access.administrators.change(found.name(), known -> {
            Administrator changed = known.with(role, enabled);
            return kept.isEmpty() ? changed : changed.withPassword(kept);
        });
        request.changed("role", Access.text(found.role()), Access.text(next.role()));
        request.changed("enabled", String.valueOf(found.enabled()), String.valueOf(next.enabled()));
        if (!kept.isEmpty()) {
            request.changedSecret("password");
        }
        if (!self) {
            access.signIns.holds(found.name());
        }
        String own = self
                ? access.session(request).map(Session::id).orElse("")
                : "";
        boolean keepOwn = role == found.role() && enabled;
        endSessions(found.name(), keepOwn ? own : "");
        return WebResponse.json(shown(next));
    }

    private static boolean isSelf(WebRequest request, Administrator found) {
        Caller caller = request.caller();
        return caller.means() == Caller.Means.SESSION && caller.name().equalsIgnoreCase(found.name());
    }

    /** Nobody could take that back by signing in anew. */
    private Problem ownAccount(Administrator self) throws Problem {
        access.administrators.keepOne(self.name());
        return Problem.conflict("own-account", "you would lock yourself out; another administrator has to do that");
    }

    private void endSessions(String name, String but) throws Problem {
        access.sessions.endAll(
                each -> each.name().equals(name) && each.role() != Role.SELF && !each.id().equals(but));
    }

    private WebResponse resetFactor(WebRequest request) throws Problem {
        Administrator found = found(request);
        if (found.password().isEmpty()) {
            throw Problem.conflict("no-password", "without a password nothing would be left to sign in with; give one first");
        }
        boolean self = isSelf(request, found);
        if (self) {
            access.signIns.changing(found);
        }
        Administrator next = access.administrators.change(
                found.name(), known -> known.withTotp("", 0).withPasskeys(List.of()).withRecovery(List.of()));
        if (!self) {
            access.signIns.holds(found.name());
        }
        request.changed("totp", String.valueOf(!found.totp().isEmpty()), "false");
        request.changed("passkeys", String.valueOf(found.passkeys().size()), "0");
        endSessions(found.name(), "");
        return WebResponse.json(shown(next));
    }

    private WebResponse remove(WebRequest request) throws Problem {
        Administrator found = found(request);
        if (isSelf(request, found)) {
            throw ownAccount(found);
        }
        access.administrators.remove(found.name());
        access.signIns.holds(found.name());
        access.languages.forget(found.role(), found.name());
        request.changed("role", Access.text(found.role()), "");
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
        if (body.days() < 1 || body.days() > MOST_DAYS) {
            throw Problem.field("days", "must be 1 to " + MOST_DAYS);
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
                access.clock.instant().plus(Duration.ofDays(body.days())));
        request.target("token " + made.token().id());
        request.note("for " + body.days() + " days");
        request.changed("role", "", Access.text(role));
        return new WebResponse.Json(
                201, new MadeToken(shown(made.token(), null), made.text()), Map.of("Location", TOKENS + "/" + made.token().id()));
    }

    private WebResponse removeToken(WebRequest request) throws Problem {
        access.tokens.remove(request.parameter("id"));
        return WebResponse.none();
    }
}
