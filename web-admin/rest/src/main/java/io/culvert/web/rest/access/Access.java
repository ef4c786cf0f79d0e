package io.culvert.web.rest.access;

import io.culvert.api.auth.UserDirectory;
import io.culvert.api.store.Store;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that knows callers, put together. */
public final class Access implements Gate, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Access.class);
    private static final Duration SWEEP = Duration.ofSeconds(15);
    private static final String BEARER = "Bearer ";

    final InstantSource clock;
    final Secrets secrets;
    final Password passwords;
    final Administrators administrators;
    final Sessions sessions;
    final Tokens tokens;
    final Passkeys passkeys;
    final Delays delays;
    final SignInGuard signIns;
    final Languages languages;
    private final Supplier<List<UserDirectory>> directories;
    private BooleanSupplier setup = () -> false;
    private @Nullable Thread sweeping;
    private volatile @Nullable Guard guard;

    /** What a session is limited to. */
    public record Limits(Duration idle, Duration longest) {}

    public Access(
            Store store,
            Json json,
            InstantSource clock,
            SecureRandom random,
            Limits limits,
            Supplier<List<UserDirectory>> directories) {
        this.clock = clock;
        this.directories = directories;
        secrets = new Secrets(random);
        passwords = new Password(random);
        administrators = new Administrators(store, json);
        sessions = new Sessions(store, json, secrets, clock, limits.idle(), limits.longest());
        tokens = new Tokens(store, json, secrets, clock);
        passkeys = new Passkeys(json, secrets, clock);
        delays = new Delays(clock);
        signIns = new SignInGuard(store, json, administrators, clock);
        languages = new Languages(store, json);
    }

    /** Takes up the sessions that the store has, and looks after them. */
    public void start() {
        try {
            sessions.load();
        } catch (Problem e) {
            LOG.warn("web: earlier sessions are lost, {}", e.getMessage());
        }
        sweeping = Thread.ofVirtual().name("web-sessions").start(this::sweep);
    }

    private void sweep() {
        try {
            while (true) {
                Thread.sleep(SWEEP);
                sessions.sweep();
                signIns.sweep();
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    @Override
    public void close() {
        if (sweeping != null) {
            sweeping.interrupt();
        }
    }

    @Override
    public Visit visit(@Nullable String cookies, @Nullable String authorization, String from) throws Problem {
        if (authorization != null) {
            return token(authorization, from);
        }
        Optional<Session> found = Cookies.secret(cookies).flatMap(sessions::find);
        if (found.isEmpty() || found.get().stage() != Session.Stage.FULL) {
            return nobody(from);
        }
        Session session = found.get();
        var caller = new Caller(session.name(), session.role(), Caller.Means.SESSION, from);
        if (session.role() == Role.SELF) {
            if (!isUser(session.name())) {
                sessions.end(session.id());
                return nobody(from);
            }
            return new Visit(caller, session.id(), session.csrf(), sessions.isFresh(session), false);
        }
        Optional<Administrator> known = administrators.find(session.name());
        if (known.isEmpty() || !known.get().enabled() || known.get().role() != session.role()) {
            sessions.end(session.id());
            return nobody(from);
        }
        return new Visit(
                caller, session.id(), session.csrf(), sessions.isFresh(session), known.get().needsFactor());
    }

    private boolean isUser(String name) {
        List<UserDirectory> known = directories.get();
        for (UserDirectory directory : known) {
            try {
                var user = directory.find(name);
                if (user.isPresent()) {
                    return user.get().enabled();
                }
            } catch (Exception e) {
                LOG.warn("web user={}: a directory fails, {}", name, e.toString());
            }
        }
        // Users of authenticators without a directory.
        return true;
    }

    private static Visit nobody(String from) {
        return new Visit(new Caller("", Role.NONE, Caller.Means.NOTHING, from), "", "", false, false);
    }

    private Visit token(String authorization, String from) throws Problem {
        Optional<Tokens.Token> token = authorization.startsWith(BEARER)
                ? tokens.find(authorization.substring(BEARER.length()).strip())
                : Optional.empty();
        if (token.isEmpty()) {
            throw new Problem(401, "token", "this token is unknown or has expired");
        }
        var caller = new Caller(token.get().name(), token.get().role(), Caller.Means.TOKEN, from);
        return new Visit(caller, token.get().id(), "", false, false);
    }

    @Override
    public boolean isSetUp() {
        try {
            return administrators.any();
        } catch (Problem e) {
            // A store that fails is no reason to let the set-up be repeated.
            return true;
        }
    }

    @Override
    public boolean inScope(Visit visit, String method, String path) {
        try {
            return tokens.byId(visit.session()).map(token -> token.isFor(method, path)).orElse(false);
        } catch (Problem e) {
            return false;
        }
    }

    /** Where it is written down that a sign-in came back which nobody has proven to be of use. */
    public void writesTo(AuditTrail trail) {
        signIns.writesTo(trail);
    }

    /** Who is told of calls that pass. */
    public void guardedBy(Guard other) {
        guard = other;
    }

    @Override
    public void passed(Visit visit, String method, String path, Supplier<Optional<X509Certificate>> shown) {
        Guard present = guard;
        if (present != null) {
            present.passed(visit, method, path, shown);
        }
    }

    @Override
    public Watch watch(Visit visit, Runnable ended) {
        if (visit.caller().means() != Caller.Means.SESSION) {
            return () -> {};
        }
        Runnable forget = sessions.watch(visit.session(), ended);
        return forget::run;
    }

    /** The session of this call, however far it has come. */
    Optional<Session> session(WebRequest request) {
        return Cookies.secret(request.header("Cookie").orElse(null)).flatMap(sessions::find);
    }

    static String agent(WebRequest request) {
        return request.header("User-Agent").orElse("");
    }

    /**
     * What a page is told of its session.
     *
     * @param language that this account reads the console in; empty for the browser's own
     * @param signInUntil until when the own sign-in, which was changed, has to be used, else what was before comes back
     * @param setup whether steps of the set-up are left
     */
    record Me(
            String name,
            String role,
            String via,
            @Nullable Instant since,
            @Nullable Instant expires,
            String csrf,
            @Nullable Instant confirmedUntil,
            boolean factorNeeded,
            String language,
            @Nullable Instant signInUntil,
            boolean setup) {}

    /** What a page is told that has no session. */
    Me nobody() {
        return new Me("", text(Role.NONE), "", null, null, "", null, false, "", null, setup.getAsBoolean());
    }

    /** @param left whether steps of the set-up are left */
    void settingUp(BooleanSupplier left) {
        setup = left;
    }

    Me me(Session session) throws Problem {
        boolean needed = session.role() != Role.SELF
                && administrators.find(session.name()).map(Administrator::needsFactor).orElse(false);
        Instant proved = session.proved();
        return new Me(
                session.name(),
                text(session.role()),
                session.via(),
                session.since(),
                sessions.end(session),
                session.csrf(),
                proved != null && sessions.isFresh(session) ? proved.plus(Sessions.FRESH) : null,
                needed,
                languages.of(session.role(), session.name()),
                session.role() == Role.SELF ? null : signIns.until(session.name()).orElse(null),
                setup.getAsBoolean());
    }

    /** Signs in, in place of whatever session there was. */
    WebResponse enter(String name, Role role, String via, WebRequest request) throws Problem {
        Optional<Session> before = session(request);
        if (before.isPresent()) {
            sessions.end(before.get().id());
        }
        if (role != Role.SELF) {
            administrators.change(name, known -> known.signedIn(clock.instant()));
            signIns.holds(name);
        }
        Sessions.Opened opened =
                sessions.open(Session.Stage.FULL, name, role, via, request.caller().from(), agent(request));
        return WebResponse.json(me(opened.session())).with("Set-Cookie", Cookies.set(opened.secret()));
    }

    static String text(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    /** A role that can be given. */
    static Role role(String text) throws Problem {
        for (Role role : List.of(Role.VIEWER, Role.OPERATOR, Role.USERS, Role.ADMINISTRATOR)) {
            if (text(role).equals(text)) {
                return role;
            }
        }
        throw Problem.field("role", "must be viewer, operator, users or administrator");
    }
}
