package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The administrators in the store. Names differ in more than their case. */
final class Administrators {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");
    private static final int ATTEMPTS = 8;

    private final Records<Administrator> records;
    private volatile boolean any;

    Administrators(Store store, Json json) {
        records = new Records<>(store, json, "web/administrator/", Administrator.class);
    }

    private static String key(String name) {
        return HexFormat.of().formatHex(name.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
    }

    static void checkName(String name) throws Problem {
        if (!NAME.matcher(name).matches()) {
            throw Problem.field("name", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
        }
    }

    Optional<Administrator> find(String name) throws Problem {
        return NAME.matcher(name).matches() ? records.read(key(name)).map(Records.Found::value) : Optional.empty();
    }

    List<Administrator> all() throws Problem {
        return records.all().stream().map(Records.Found::value).toList();
    }

    /** Whether somebody can sign in and do everything. */
    boolean any() throws Problem {
        if (!any) {
            any = all().stream().anyMatch(Administrators::isInCharge);
        }
        return any;
    }

    private static boolean isInCharge(Administrator each) {
        return each.enabled() && each.role() == Role.ADMINISTRATOR;
    }

    /** @throws Problem 409 when the name is taken */
    void add(Administrator administrator) throws Problem {
        checkName(administrator.name());
        if (!records.put(key(administrator.name()), administrator, 0)) {
            throw new Problem(409, "name-taken", "there is an administrator of this name already");
        }
    }

    /** Changes one; {@code change} may be asked several times. */
    Administrator change(String name, UnaryOperator<Administrator> change) throws Problem {
        for (int i = 0; i < ATTEMPTS; i++) {
            var found = records.read(key(name))
                    .orElseThrow(() -> Problem.notFound("there is no administrator '" + name + "'"));
            Administrator next = change.apply(found.value());
            if (isInCharge(found.value()) && !isInCharge(next)) {
                keepOne(name);
            }
            if (next.equals(found.value()) || records.put(found.key(), next, found.revision())) {
                return next;
            }
        }
        throw Problem.unavailable("somebody else changes this administrator all the time; try again");
    }

    /** Whoever takes the last one away locks everybody out. */
    void keepOne(String name) throws Problem {
        boolean other = all().stream().anyMatch(each -> isInCharge(each) && !each.name().equalsIgnoreCase(name));
        if (!other) {
            throw new Problem(409, "last-administrator", "this is the last administrator; add another one first");
        }
    }

    void remove(String name) throws Problem {
        Administrator found =
                find(name).orElseThrow(() -> Problem.notFound("there is no administrator '" + name + "'"));
        if (isInCharge(found)) {
            keepOne(name);
        }
        records.delete(key(name));
    }
}
