package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /keys}: whose modules may run. A module has all rights of the appliance. */
public final class KeysResource {
    private static final Listing<Key> LISTING =
            new Listing<>(Map.of("name", comparing(Key::name)), "name", Key::fingerprint, key -> key.name + key.fingerprint);

    private final Commands commands;

    public KeysResource(Commands commands) {
        this.commands = commands;
    }

    /**
     * A trusted key.
     *
     * @param fingerprint SHA-256 of the public key, 64 hexadecimal digits
     * @param from {@code release} or {@code settings}
     */
    public record Key(String name, String fingerprint, String from) {}

    /** All trusted keys. */
    public record Keys(List<Key> items, @Nullable String next, int total) {}

    /** @param lastFour the fingerprint's last four digits, typed by who compared it with what the author publishes */
    public record TrustKey(String name, String fingerprint, String lastFour) {}

    public List<WebEndpoint> endpoints() {
        return List.of(
                WebEndpoint.get("/api/v1/keys", Role.VIEWER, "List trusted keys.", Keys.class, this::list),
                WebEndpoint.post(
                                "/api/v1/keys",
                                Role.ADMINISTRATOR,
                                "Let modules run that a key has signed.",
                                TrustKey.class,
                                Key.class,
                                this::trust)
                        .with(Flag.FRESH_PROOF),
                WebEndpoint.delete(
                                "/api/v1/keys/{fingerprint}",
                                Role.ADMINISTRATOR,
                                "Take back trust in a key; what runs goes on until it is stopped.",
                                this::distrust)
                        .with(Flag.FRESH_PROOF));
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        var page = LISTING.page(request, all());
        return WebResponse.json(new Keys(page.items(), page.next(), page.total()));
    }

    private List<Key> all() throws Problem, InterruptedException {
        return commands.rows("module keys", Map.of()).stream()
                .map(row -> new Key(row.text("name"), row.text("fingerprint"), row.text("from")))
                .toList();
    }

    private WebResponse trust(WebRequest request) throws Problem, InterruptedException {
        TrustKey wish = request.body(TrustKey.class);
        String fingerprint = String.valueOf(wish.fingerprint).replace(":", "").toLowerCase(Locale.ROOT);
        String name = wish.name == null ? "" : wish.name.strip();
        if (!fingerprint.matches("[0-9a-f]{64}")) {
            throw Problem.field("fingerprint", "must be a SHA-256 fingerprint of 64 hexadecimal digits");
        }
        if (!name.matches("[^\\p{Cntrl}]{1,64}")) {
            throw Problem.field("name", "must be 1 to 64 characters");
        }
        if (!fingerprint.substring(60).equalsIgnoreCase(wish.lastFour)) {
            throw Problem.field("lastFour", "must be the last four digits of the fingerprint");
        }
        request.target("key " + name + " " + fingerprint);
        List<Key> all = all();
        if (all.stream().anyMatch(key -> key.fingerprint.equals(fingerprint))) {
            throw Problem.conflict("trusted-already", "That key is trusted already.");
        }
        List<String> lines = lines(all);
        lines.add(fingerprint + " " + name);
        set(lines);
        request.changed("swap.trustedKeys", "", fingerprint + " " + name);
        return WebResponse.created("/api/v1/keys/" + fingerprint, new Key(name, fingerprint, "settings"));
    }

    private WebResponse distrust(WebRequest request) throws Problem, InterruptedException {
        String fingerprint = request.parameter("fingerprint");
        List<Key> all = all();
        Key key = all.stream()
                .filter(each -> each.fingerprint.equals(fingerprint))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("No such key is trusted."));
        if (!key.from.equals("settings")) {
            throw Problem.conflict("release-key", "The release's own key comes with the release and stays.");
        }
        request.target("key " + key.name + " " + fingerprint);
        List<String> lines = lines(all);
        lines.removeIf(line -> line.startsWith(fingerprint));
        set(lines);
        request.changed("swap.trustedKeys", fingerprint + " " + key.name, "");
        return WebResponse.none();
    }

    private static List<String> lines(List<Key> keys) {
        var lines = new ArrayList<String>();
        keys.stream()
                .filter(key -> key.from.equals("settings"))
                .forEach(key -> lines.add(key.fingerprint + " " + key.name));
        return lines;
    }

    private void set(List<String> lines) throws Problem, InterruptedException {
        commands.run("config edit", Map.of("module", "swap", "values", Map.of("trustedKeys", lines)));
    }
}
