package io.culvert.auth.file;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.tunnel.CloseCause;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that change the file. What they change is durable before they touch a session. */
final class UserCommands {
    private static final Logger LOG = LoggerFactory.getLogger(UserCommands.class);
    private static final int MAX_PASSWORD = 1024;

    private final UsersFile file;
    private final Argon2Hash.Cost cost;
    private final SecureRandom random;
    private final Supplier<@Nullable LiveSessions> sessions;

    UserCommands(
            UsersFile file, Argon2Hash.Cost cost, SecureRandom random, Supplier<@Nullable LiveSessions> sessions) {
        this.file = file;
        this.cost = cost;
        this.random = random;
        this.sessions = sessions;
    }

    List<Command> all() {
        return List.of(
                new Named("user add", this::add),
                new Named("user list", this::list),
                new Named("user disable", (arguments, _) -> enable(arguments, false)),
                new Named("user enable", (arguments, _) -> enable(arguments, true)),
                new Named("user remove", this::remove),
                new Named("user password", this::password));
    }

    @FunctionalInterface
    private interface Action {
        Object run(Map<String, Object> arguments, Command.Reply reply)
                throws CommandException, IOException, InterruptedException;
    }

    private record Named(String name, Action action) implements Command {
        @Override
        public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
            try {
                return action.run(arguments, reply);
            } catch (IOException e) {
                throw new CommandException(
                        name + ": " + e.getClass().getSimpleName() + ": " + e.getMessage()
                                + ": check the free space and the permissions below etc",
                        e);
            }
        }
    }

    private Object add(Map<String, Object> arguments, Command.Reply reply) throws CommandException, IOException {
        String name = name(arguments);
        if (!Users.NAME.matcher(name).matches()) {
            throw new CommandException("user add: the name must be 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
        }
        Optional<Argon2Hash> hash =
                arguments.get("password") == null ? Optional.empty() : Optional.of(hash("user add", arguments));
        file.change(users -> {
            if (users.find(name).isPresent()) {
                throw new CommandException(
                        "user add: " + name + " exists already: culvert user password " + name + " sets a new password");
            }
            Optional<Integer> line = users.brokenLineOf(name);
            if (line.isPresent()) {
                throw new CommandException("user add: " + name + " is on line " + line.get()
                        + " of etc/users, which is broken: correct or remove that line first");
            }
            return users.with(new Users.User(name, true, hash));
        });
        LOG.info("auth.file user={}: added{}", name, hash.isPresent() ? "" : " without a password");
        return row(new Users.User(name, true, hash));
    }

    private Object list(Map<String, Object> arguments, Command.Reply reply) throws IOException {
        Users users = file.read();
        for (Users.Problem problem : users.problems()) {
            reply.send("etc/users " + problem);
        }
        return users.all().stream().map(UserCommands::row).toList();
    }

    private Object enable(Map<String, Object> arguments, boolean enabled)
            throws CommandException, IOException, InterruptedException {
        String name = name(arguments);
        String command = enabled ? "user enable" : "user disable";
        file.change(users -> {
            Users.User user = existing(command, users, name);
            return users.with(new Users.User(name, enabled, user.password()));
        });
        LOG.info("auth.file user={}: {}", name, enabled ? "enabled" : "disabled");
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", name);
        answer.put("enabled", enabled);
        if (!enabled) {
            answer.put("sessionsEnded", end(name, "disabled"));
        }
        return answer;
    }

    private Object remove(Map<String, Object> arguments, Command.Reply reply)
            throws CommandException, IOException, InterruptedException {
        String name = name(arguments);
        file.change(users -> users.without(existing("user remove", users, name).name()));
        LOG.info("auth.file user={}: removed", name);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", name);
        answer.put("sessionsEnded", end(name, "removed"));
        answer.put("note", "profiles of " + name + " count again when the name is added again, unless they are revoked:"
                + " culvert revoke " + name);
        return answer;
    }

    private Object password(Map<String, Object> arguments, Command.Reply reply) throws CommandException, IOException {
        String name = name(arguments);
        Users.User before = existing("user password", file.read(), name);
        if (arguments.get("old") instanceof String old && !holds(before, old)) {
            throw new CommandException("user password: the old password is wrong");
        }
        Optional<Argon2Hash> hash = Optional.of(hash("user password", arguments));
        file.change(users -> {
            Users.User user = existing("user password", users, name);
            return users.with(new Users.User(name, user.enabled(), hash));
        });
        LOG.info("auth.file user={}: password changed", name);
        return row(existing("user password", file.read(), name));
    }

    private static boolean holds(Users.User user, String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        try {
            return bytes.length <= MAX_PASSWORD && user.password().isPresent() && user.password().get().matches(bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private int end(String name, String why) throws InterruptedException {
        @Nullable LiveSessions live = sessions.get();
        if (live == null) {
            return 0;
        }
        var cause = new CloseCause(CloseCause.Kind.REVOKED, "user " + name + " was " + why, FileAuthenticator.PEER_TEXT);
        return live.end(
                session -> session.peer().map(PeerIdentity::user).filter(name::equals).isPresent(), cause);
    }

    private static String name(Map<String, Object> arguments) throws CommandException {
        if (arguments.get("name") instanceof String name && !name.isEmpty()) {
            return name;
        }
        throw new CommandException("the user's name is missing");
    }

    private static Users.User existing(String command, Users users, String name) throws CommandException {
        Optional<Users.User> user = users.find(name);
        if (user.isPresent()) {
            return user.get();
        }
        String why = users.brokenLineOf(name)
                .map(line -> " is on line " + line + " of etc/users, which is broken: correct it by hand")
                .orElse(" is not in etc/users: culvert user list shows who is");
        throw new CommandException(command + ": " + name + why);
    }

    private Argon2Hash hash(String command, Map<String, Object> arguments) throws CommandException {
        if (!(arguments.get("password") instanceof String password) || password.isEmpty()) {
            throw new CommandException(command + ": the password is missing or empty");
        }
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        try {
            if (bytes.length > MAX_PASSWORD) {
                throw new CommandException(command + ": the password has more than " + MAX_PASSWORD + " bytes");
            }
            return Argon2Hash.of(bytes, cost, random);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static Map<String, Object> row(Users.User user) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", user.name());
        row.put("enabled", user.enabled());
        row.put("password", user.password().isPresent());
        return row;
    }
}
