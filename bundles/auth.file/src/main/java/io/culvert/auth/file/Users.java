package io.culvert.auth.file;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the file says. Lines that are comments, empty or broken are kept as they are, so that a change by command loses
 * nothing that a person typed.
 *
 * <p>Fails closed: a broken line is nobody, and a name on two lines is nobody either.
 */
final class Users {
    static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
    private static final String NO_PASSWORD = "-";

    /** A user; the password is empty for one who comes with a certificate alone. */
    record User(String name, boolean enabled, Optional<Argon2Hash> password) {
        private String line() {
            return name + ":" + (enabled ? "enabled" : "disabled") + ":"
                    + password.map(Argon2Hash::text).orElse(NO_PASSWORD);
        }
    }

    /**
     * A line that cannot be used.
     *
     * @param line its number, from 1
     * @param text what is wrong, without what the line holds
     */
    record Problem(int line, String text) {
        @Override
        public String toString() {
            return "line " + line + ": " + text;
        }
    }

    private final List<String> lines;
    private final Map<String, User> users = new LinkedHashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    private Users(List<String> lines) {
        this.lines = List.copyOf(lines);
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                read(i + 1, line, seen);
            }
        }
    }

    static Users of(List<String> lines) {
        return new Users(lines);
    }

    private void read(int number, String line, Map<String, Integer> seen) {
        String[] fields = line.split(":", -1);
        if (!NAME.matcher(fields[0]).matches()) {
            problems.add(new Problem(number, "must begin with a name of 1 to 64 of A-Z a-z 0-9 . _ @ -"));
            return;
        }
        Integer earlier = seen.putIfAbsent(fields[0], number);
        if (earlier != null) {
            users.remove(fields[0]);
            numbers.remove(fields[0]);
            problems.add(new Problem(number, fields[0] + " is on line " + earlier + " too: remove one of them"));
            return;
        }
        if (fields.length != 3) {
            problems.add(new Problem(number, "must be name:enabled:password or name:disabled:password"));
            return;
        }
        if (!fields[1].equals("enabled") && !fields[1].equals("disabled")) {
            problems.add(new Problem(number, "the second field must be enabled or disabled"));
            return;
        }
        Optional<Argon2Hash> password = Argon2Hash.parse(fields[2]);
        if (password.isEmpty() && !fields[2].equals(NO_PASSWORD)) {
            problems.add(new Problem(number, "the third field must be an Argon2id hash as the command"
                    + " 'culvert user password' writes it, or - for no password"));
            return;
        }
        users.put(fields[0], new User(fields[0], fields[1].equals("enabled"), password));
        numbers.put(fields[0], number);
    }

    Optional<User> find(String name) {
        return Optional.ofNullable(users.get(name));
    }

    /** In the order of the file. */
    List<User> all() {
        return List.copyOf(users.values());
    }

    List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** The line of every user and everything else in the file. */
    List<String> lines() {
        return lines;
    }

    /** Whether a line that cannot be used begins with {@code name}. */
    Optional<Integer> brokenLineOf(String name) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().split(":", -1)[0].equals(name) && !users.containsKey(name)) {
                return Optional.of(i + 1);
            }
        }
        return Optional.empty();
    }

    /** With {@code user} in the place of the one of the same name, or at the end. */
    Users with(User user) {
        List<String> changed = new ArrayList<>(lines);
        Integer number = numbers.get(user.name());
        if (number == null) {
            changed.add(user.line());
        } else {
            changed.set(number - 1, user.line());
        }
        return new Users(changed);
    }

    Users without(String name) {
        List<String> changed = new ArrayList<>(lines);
        Integer number = numbers.get(name);
        if (number != null) {
            changed.remove(number - 1);
        }
        return new Users(changed);
    }
}
