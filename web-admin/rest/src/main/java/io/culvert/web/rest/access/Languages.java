package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The language in which somebody reads the console, by account. Records of their own: an earlier version of the console
 * goes on reading the accounts.
 */
final class Languages {
    private final Records<Language> records;

    private record Language(String language) {}

    Languages(Store store, Json json) {
        records = new Records<>(store, json, "web/language/", Language.class);
    }

    private static String key(Role role, String name) {
        String account = (role == Role.SELF ? "user " : "administrator ") + name.toLowerCase(Locale.ROOT);
        return HexFormat.of().formatHex(account.getBytes(StandardCharsets.UTF_8));
    }

    /** As in {@code lang} of HTML; empty for whatever the browser asks for. */
    String of(Role role, String name) {
        try {
            return records.read(key(role, name)).map(found -> found.value().language()).orElse("");
        } catch (Problem e) {
            // No reason to keep somebody out.
            return "";
        }
    }

    void set(Role role, String name, String language) throws Problem {
        if (language.isEmpty()) {
            forget(role, name);
        } else {
            records.set(key(role, name), new Language(language));
        }
    }

    void forget(Role role, String name) throws Problem {
        records.delete(key(role, name));
    }
}
