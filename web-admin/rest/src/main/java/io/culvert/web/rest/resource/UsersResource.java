package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.ProfilesResource.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** {@code /users}: who may come in. A user's id is the name. */
public final class UsersResource {
    private static final int MOST_IMPORTED = 1_000;
    private static final Listing<User> LISTING = new Listing<>(
            Map.of(
                    "name", comparing(User::name),
                    "sessions", comparingInt(User::sessions),
                    "lastSeen", comparing(user -> user.lastSeen == null ? "" : user.lastSeen),
                    "enabled", comparing(User::enabled)),
            "name",
            User::id,
            User::name);

    private final Commands commands;
    private final SessionsResource sessions;
    private final ProfilesResource profiles;
    private final LastSeen seen;

    public UsersResource(Commands commands, SessionsResource sessions, ProfilesResource profiles, LastSeen seen) {
        this.commands = commands;
        this.sessions = sessions;
        this.profiles = profiles;
        this.seen = seen;
    }

    /**
     * One user.
     *
     * @param password whether there is one
     * @param secondFactor whether one-time codes are asked for
     * @param weak whether a password alone lets the user in
     * @param sessions how many are up
     * @param lastSeen null when it is not known
     * @param source the module that keeps the user; empty for one that a directory elsewhere keeps
     */
    public record User(
            String id,
            String name,
            boolean enabled,
            boolean password,
            boolean secondFactor,
            boolean weak,
            List<Profile> profiles,
            int sessions,
            @Nullable String lastSeen,
            String source) {}

    /** A page of users. */
    public record Users(List<User> items, @Nullable String next, int total) {}

    /** A user to add. */
    public record AddUser(String name, @Nullable String password) {
        @Override
        public String toString() {
            return "AddUser[" + name + "]";
        }
    }

    /** What to change; null stays as it is. */
    public record ChangeUser(@Nullable Boolean enabled) {}

    /** A new password. */
    public record NewPassword(String password) {
        @Override
        public String toString() {
            return "NewPassword[]";
        }
    }

    /** A new password with the one that it replaces. */
    public record OwnPassword(String old, String password) {
        @Override
        public String toString() {
            return "OwnPassword[]";
        }
    }

    /**
     * What a user sees.
     *
     * @param mayIssue whether profiles can be made
     * @param address that clients connect to
     */
    public record Self(
            String name, boolean secondFactor, boolean mayIssue, String address, List<Profile> profiles) {}

    /** What became of a user's sessions. */
    public record UserEnded(String name, int sessionsEnded, String note) {}

    /** @param enrol whether a new secret is made at once */
    public record ResetFactor(@Nullable Boolean enrol) {}

    /** @param uri of the new secret, for an authenticator app; shown once, empty when none was made */
    public record FactorReset(String name, boolean removed, String uri) {
        @Override
        public String toString() {
            return "FactorReset[" + name + "]";
        }
    }

    /** Users to add together. */
    public record ImportUsers(List<AddUser> users) {}

    /** Which were added, and why others were not. */
    public record ImportedUsers(List<String> added, List<RefusedUser> refused) {}

    /** A user that was not added. */
    public record RefusedUser(String name, String reason) {}

    public List<WebEndpoint> endpoints() {
        String one = "/api/v1/users/{id}";
        return List.of(
                WebEndpoint.get("/api/v1/users", Role.USERS, "List users.", Users.class, this::list),
                WebEndpoint.post("/api/v1/users", Role.USERS, "Add a user.", AddUser.class, User.class, this::add),
                WebEndpoint.post(
                        "/api/v1/users:import",
                        Role.USERS,
                        "Add several users.",
                        ImportUsers.class,
                        ImportedUsers.class,
                        this::addAll),
                WebEndpoint.get(one, Role.USERS, "Show a user.", User.class, this::one),
                WebEndpoint.patch(one, Role.USERS, "Change a user.", ChangeUser.class, User.class, this::change),
                new WebEndpoint(
                        "DELETE",
                        one,
                        Role.USERS,
                        "Remove a user and end the user's sessions.",
                        Void.class,
                        UserEnded.class,
                        java.util.Set.<Flag>of(),
                        this::remove),
                WebEndpoint.post(
                        one + ":disable",
                        Role.USERS,
                        "Disable a user and end the user's sessions.",
                        Void.class,
                        UserEnded.class,
                        this::disable),
                WebEndpoint.post(
                        one + ":password", Role.USERS, "Set a user's password.", NewPassword.class, User.class, this::password),
                WebEndpoint.post(
                        one + ":reset-factor",
                        Role.USERS,
                        "Take a user's one-time codes away, and make new ones if wanted.",
                        ResetFactor.class,
                        FactorReset.class,
                        this::resetFactor),
                WebEndpoint.get("/api/v1/self", Role.SELF, "Show what is mine.", Self.class, this::self),
                WebEndpoint.post(
                        "/api/v1/self/password",
                        Role.SELF,
                        "Change my password.",
                        OwnPassword.class,
                        Void.class,
                        this::ownPassword));
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        Predicate<User> filter = filter(request.query("filter").orElse(""));
        var page = LISTING.page(request, all().stream().filter(filter).toList());
        return WebResponse.json(new Users(page.items(), page.next(), page.total()));
    }

    private static Predicate<User> filter(String text) throws Problem {
        Predicate<User> filter = _ -> true;
        for (String term : text.isBlank() ? new String[0] : text.split(",")) {
            filter = filter.and(switch (term.strip()) {
                case "enabled" -> User::enabled;
                case "disabled" -> user -> !user.enabled;
                case "online" -> user -> user.sessions > 0;
                case "weak" -> User::weak;
                case "noprofile" -> user -> user.profiles.isEmpty();
                default -> throw Problem.field(
                        "filter", "knows enabled, disabled, online, weak and noprofile, not '" + term + "'");
            });
        }
        return filter;
    }

    /** Every user: those that a module here keeps, and those of directories who have a profile or a session. */
    List<User> all() throws InterruptedException {
        var factors = new HashSet<String>();
        if (commands.has("user totp")) {
            try {
                if (commands.run("user totp", Map.of("list", true)) instanceof List<?> names) {
                    names.forEach(name -> factors.add(String.valueOf(name)));
                }
            } catch (Problem e) {
                // The store is away for a moment; the list goes without.
            }
        }
        Map<String, List<Profile>> issued = profiles.byUser();
        var online = new HashMap<String, Integer>();
        sessions.all().stream()
                .filter(session -> !session.user().isEmpty())
                .forEach(session -> online.merge(session.user(), 1, Integer::sum));
        var all = new LinkedHashMap<String, User>();
        for (Row row : commands.rowsOrNone("user list", Map.of())) {
            String name = row.text("name");
            all.put(name, user(name, row.flag("enabled"), row.flag("password"), "auth.file", factors, issued, online));
        }
        var elsewhere = new HashSet<>(issued.keySet());
        elsewhere.addAll(online.keySet());
        elsewhere.removeAll(all.keySet());
        elsewhere.forEach(name -> all.put(name, user(name, true, false, "", factors, issued, online)));
        return new ArrayList<>(all.values());
    }

    private User user(
            String name,
            boolean enabled,
            boolean password,
            String source,
            HashSet<String> factors,
            Map<String, List<Profile>> issued,
            Map<String, Integer> online) {
        List<Profile> own = issued.getOrDefault(name, List.of());
        boolean factor = factors.contains(name);
        return new User(
                name,
                name,
                enabled,
                password,
                factor,
                enabled && password && !factor && own.isEmpty(),
                own,
                online.getOrDefault(name, 0),
                seen.of(name).map(Instant::toString).orElse(null),
                source);
    }

    private User find(String name) throws Problem, InterruptedException {
        return all().stream()
                .filter(user -> user.id.equals(name))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no user " + name + "."));
    }

    private WebResponse one(WebRequest request) throws Problem, InterruptedException {
        return WebResponse.json(find(request.parameter("id")));
    }

    private WebResponse self(WebRequest request) throws Problem, InterruptedException {
        User user = find(request.caller().name());
        String address = request.header("Host").orElse("").replaceFirst(":[0-9]*$", "");
        return WebResponse.json(
                new Self(user.name, user.secondFactor, commands.has("profile"), address, user.profiles));
    }

    private WebResponse add(WebRequest request) throws Problem, InterruptedException {
        AddUser user = request.body(AddUser.class);
        request.target("user " + user.name);
        if (all().stream().anyMatch(each -> each.id.equals(user.name) && !each.source.isEmpty())) {
            throw new Problem(409, "name-taken", "There is a user " + user.name + " already.", Map.of("name", "is taken"));
        }
        add(user);
        return WebResponse.created("/api/v1/users/" + user.name, find(user.name));
    }

    private void add(AddUser user) throws Problem, InterruptedException {
        var arguments = new HashMap<String, Object>();
        arguments.put("name", user.name == null ? "" : user.name);
        if (user.password != null && !user.password.isEmpty()) {
            arguments.put("password", user.password);
        }
        commands.run("user add", arguments);
    }

    private WebResponse addAll(WebRequest request) throws Problem, InterruptedException {
        List<AddUser> users = request.body(ImportUsers.class).users;
        if (users == null || users.isEmpty() || users.size() > MOST_IMPORTED) {
            throw Problem.field("users", "must name 1 to " + MOST_IMPORTED + " users");
        }
        var added = new ArrayList<String>();
        var refused = new ArrayList<RefusedUser>();
        for (AddUser user : users) {
            try {
                add(user);
                added.add(user.name);
            } catch (Problem e) {
                if (e.status() == 503) {
                    throw e;
                }
                refused.add(new RefusedUser(String.valueOf(user.name), e.getMessage()));
            }
        }
        request.target(added.size() + " users");
        return WebResponse.json(new ImportedUsers(added, refused));
    }

    private WebResponse change(WebRequest request) throws Problem, InterruptedException {
        User user = find(request.parameter("id"));
        Boolean enabled = request.body(ChangeUser.class).enabled;
        if (enabled != null) {
            commands.run(enabled ? "user enable" : "user disable", Map.of("name", user.name));
            request.changed("enabled", String.valueOf(user.enabled), String.valueOf(enabled));
        }
        return WebResponse.json(find(user.name));
    }

    private WebResponse remove(WebRequest request) throws Problem, InterruptedException {
        String name = find(request.parameter("id")).name;
        WebResponse answer = ended("user remove", name);
        profiles.forget(name);
        return answer;
    }

    private WebResponse disable(WebRequest request) throws Problem, InterruptedException {
        User user = find(request.parameter("id"));
        WebResponse answer = ended("user disable", user.name);
        request.changed("enabled", String.valueOf(user.enabled), "false");
        return answer;
    }

    private WebResponse ended(String command, String name) throws Problem, InterruptedException {
        Row row = commands.row(command, Map.of("name", name));
        return WebResponse.json(new UserEnded(name, (int) row.number("sessionsEnded"), row.text("note")));
    }

    private WebResponse password(WebRequest request) throws Problem, InterruptedException {
        String name = find(request.parameter("id")).name;
        commands.run("user password", Map.of("name", name, "password", present(request.body(NewPassword.class).password)));
        request.changedSecret("password");
        return WebResponse.json(find(name));
    }

    private WebResponse ownPassword(WebRequest request) throws Problem, InterruptedException {
        OwnPassword body = request.body(OwnPassword.class);
        String name = find(request.caller().name()).name;
        commands.run(
                "user password",
                Map.of("name", name, "password", present(body.password), "old", present(body.old)));
        request.changedSecret("password");
        return WebResponse.none();
    }

    private static String present(@Nullable String password) throws Problem {
        if (password == null || password.isEmpty()) {
            throw Problem.field("password", "is missing");
        }
        return password;
    }

    private WebResponse resetFactor(WebRequest request) throws Problem, InterruptedException {
        User user = find(request.parameter("id"));
        boolean enrol = Boolean.TRUE.equals(request.body(ResetFactor.class).enrol);
        if (user.secondFactor) {
            commands.run("user totp", Map.of("name", user.name, "off", true));
        } else if (!enrol) {
            throw Problem.conflict("no-factor", user.name + " has no one-time codes.");
        }
        Optional<Row> made = enrol ? Optional.of(commands.row("user totp", Map.of("name", user.name))) : Optional.empty();
        if (user.secondFactor && enrol) {
            request.changedSecret("secondFactor");
        } else {
            request.changed("secondFactor", String.valueOf(user.secondFactor), String.valueOf(enrol));
        }
        return WebResponse.json(new FactorReset(
                user.name, user.secondFactor, made.map(row -> row.text("uri")).orElse("")));
    }
}
