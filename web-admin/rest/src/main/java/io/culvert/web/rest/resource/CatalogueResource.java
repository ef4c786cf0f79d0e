package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Version;

/** {@code /catalogue}: modules that a repository offers. */
public final class CatalogueResource {
    private static final Duration FRESH = Duration.ofMinutes(1);
    private static final Listing<Offer> LISTING = new Listing<>(
            Map.of("module", comparing(Offer::module), "bytes", comparing(Offer::bytes)),
            "module",
            offer -> offer.module + "/" + offer.version,
            Offer::module);

    private final Commands commands;
    private final InstantSource clock;
    private List<Offer> own = List.of();
    private Instant read = Instant.MIN;

    public CatalogueResource(Commands commands, InstantSource clock) {
        this.commands = commands;
        this.clock = clock;
    }

    /**
     * A module that could be installed.
     *
     * @param installed the version that is; empty for none
     * @param missing what it needs and nobody here offers; empty when it can be installed
     */
    public record Offer(String module, String version, String installed, long bytes, String missing) {}

    /** A page of offers. */
    public record Catalogue(List<Offer> items, @Nullable String next, int total) {}

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                "/api/v1/catalogue",
                Role.VIEWER,
                "List the modules that a repository offers, the release's own unless 'from' names one.",
                Catalogue.class,
                this::list));
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        String from = request.query("from").orElse("");
        if (!from.isEmpty() && !request.caller().role().allows(Role.ADMINISTRATOR)) {
            throw Problem.forbidden("Only an administrator may look into other repositories.");
        }
        var page = LISTING.page(request, read(from));
        return WebResponse.json(new Catalogue(page.items(), page.next(), page.total()));
    }

    private List<Offer> read(String from) throws Problem, InterruptedException {
        return commands.rows("module available", from.isEmpty() ? Map.of() : Map.of("from", from)).stream()
                .map(row -> new Offer(
                        row.text("module"),
                        row.text("version"),
                        row.text("installed"),
                        row.number("bytes"),
                        row.text("missing")))
                .toList();
    }

    /** The release's own offers; nothing when there is no repository. A minute old at most. */
    private synchronized List<Offer> own() throws InterruptedException {
        if (clock.instant().isAfter(read.equals(Instant.MIN) ? Instant.MIN : read.plus(FRESH))) {
            try {
                own = read("");
            } catch (Problem e) {
                own = List.of();
            }
            read = clock.instant();
        }
        return own;
    }

    /** The newest version that is newer than the installed one and could be installed, by module. */
    Map<String, String> updates() throws InterruptedException {
        var newest = new HashMap<String, String>();
        for (Offer offer : own()) {
            if (!offer.installed.isEmpty() && offer.missing.isEmpty() && newer(offer.version, offer.installed)) {
                newest.merge(offer.module, offer.version, (a, b) -> newer(b, a) ? b : a);
            }
        }
        return newest;
    }

    /** What is offered of one module beyond what is installed. */
    List<Offer> offers(String module) throws InterruptedException {
        return own().stream()
                .filter(offer -> offer.module.equals(module) && !offer.version.equals(offer.installed))
                .toList();
    }

    private static boolean newer(String one, String other) {
        try {
            return Version.parseVersion(one).compareTo(Version.parseVersion(other)) > 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
