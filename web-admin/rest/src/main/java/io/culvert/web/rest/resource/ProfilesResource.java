package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;

import io.culvert.api.store.Store;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.Downloads.Issued;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /profiles}: what clients are configured with. A profile's id is its certificate's serial number. */
public final class ProfilesResource {
    /** Of a user who issues them alone; a user manager may issue more. */
    private static final int MOST_OWN = 20;
    private static final long DAY_SECONDS = 86_400;
    private static final String OVPN = "application/x-openvpn-profile";
    private static final Listing<Profile> LISTING = new Listing<>(
            Map.of(
                    "user", comparing(Profile::user),
                    "notBefore", comparing(Profile::notBefore),
                    "notAfter", comparing(Profile::notAfter)),
            "user",
            Profile::id,
            profile -> profile.id + " " + profile.user + " " + profile.device);

    private final Commands commands;
    private final Downloads downloads;
    private final Links links;
    private final Labels devices;

    public ProfilesResource(
            Commands commands, Supplier<Optional<Store>> store, Path home, InstantSource clock, SecureRandom random) {
        this.commands = commands;
        this.downloads = new Downloads(clock);
        this.links = new Links(store, clock, random);
        this.devices = new Labels(home.resolve("var/web/devices.properties"));
    }

    /** An issued profile that is neither revoked nor expired. */
    public record Profile(
            String id, String user, String notBefore, String notAfter, String device, String protocol) {}

    /** A page of profiles. */
    public record Profiles(List<Profile> items, @Nullable String next, int total) {}

    /**
     * What kind of profile is wanted; what is left out is chosen.
     *
     * @param device for people: whose or which one it is
     * @param instance of the tunnel: {@code udp}
     * @param remote {@code HOST} or {@code HOST:PORT} that the client connects to
     * @param reuse whether the newest key is written again
     */
    public record IssueProfile(
            @Nullable String device,
            @Nullable String protocol,
            @Nullable String instance,
            @Nullable String transport,
            @Nullable String remote,
            @Nullable Boolean reuse) {}

    /**
     * What was issued.
     *
     * @param certificate empty when the protocol needs none
     * @param until when the downloads end, unless they are closed before
     * @param qrFits whether the picture holds the profile itself; else it holds a link to it
     */
    public record IssuedProfile(
            String id,
            String user,
            String protocol,
            String instance,
            String transport,
            String certificate,
            String fileName,
            String until,
            DownloadPaths downloads,
            boolean qrFits) {}

    /** Where to get it. */
    public record DownloadPaths(String file, String qr, String link) {}

    /** What was revoked. */
    public record RevokedProfile(String id, String user, List<String> revoked, int sessionsEnded, String note) {}

    /** @param validSeconds one day unless told */
    public record MakeLink(@Nullable Integer validSeconds) {}

    /** A link that shows the profile once. */
    public record ProfileLink(String path, String expires) {
        @Override
        public String toString() {
            return "ProfileLink[]";
        }
    }

    public List<WebEndpoint> endpoints() {
        String one = "/api/v1/profiles/{id}";
        return List.of(
                WebEndpoint.get("/api/v1/profiles", Role.USERS, "List profiles.", Profiles.class, this::list),
                WebEndpoint.post(
                        "/api/v1/users/{id}/profiles",
                        Role.USERS,
                        "Issue a profile.",
                        IssueProfile.class,
                        IssuedProfile.class,
                        request -> issue(request, request.parameter("id"), "/api/v1/profiles/")),
                new WebEndpoint(
                        "DELETE",
                        one,
                        Role.USERS,
                        "Revoke a profile and end its sessions.",
                        Void.class,
                        RevokedProfile.class,
                        Set.<Flag>of(),
                        request -> revoke(request, _ -> true)),
                WebEndpoint.get(
                        one + "/file", Role.USERS, "Download a profile just issued.", Void.class, request -> file(open(request))),
                WebEndpoint.get(
                        one + "/qr.svg", Role.USERS, "A profile just issued as a QR code.", Void.class, this::picture),
                WebEndpoint.post(
                        one + "/link", Role.USERS, "Make a one-time link to a profile just issued.", MakeLink.class,
                        ProfileLink.class, request -> link(request, open(request))),
                WebEndpoint.post(
                        one + ":close", Role.USERS, "End the downloads of a profile.", Void.class, Void.class, this::close),
                WebEndpoint.post(
                        "/api/v1/self/profiles",
                        Role.SELF,
                        "Issue a profile for me.",
                        IssueProfile.class,
                        IssuedProfile.class,
                        request -> {
                            spare(request.caller().name());
                            return issue(request, request.caller().name(), "/api/v1/self/profiles/");
                        }),
                WebEndpoint.get(
                        "/api/v1/self/profiles/{id}/file",
                        Role.SELF,
                        "Download my profile just issued.",
                        Void.class,
                        request -> file(own(request))),
                WebEndpoint.get(
                        "/api/v1/self/profiles/{id}/qr.svg",
                        Role.SELF,
                        "My profile just issued as a QR code.",
                        Void.class,
                        request -> picture(request, own(request))),
                WebEndpoint.post(
                        "/api/v1/self/profiles/{id}/link",
                        Role.SELF,
                        "Make a one-time link to my profile just issued.",
                        MakeLink.class,
                        ProfileLink.class,
                        request -> link(request, own(request))),
                WebEndpoint.post(
                        "/api/v1/self/profiles/{id}:close",
                        Role.SELF,
                        "End the downloads of my profile.",
                        Void.class,
                        Void.class,
                        request -> {
                            own(request);
                            return close(request);
                        }),
                new WebEndpoint(
                        "DELETE",
                        "/api/v1/self/profiles/{id}",
                        Role.SELF,
                        "Revoke my profile and end its sessions.",
                        Void.class,
                        RevokedProfile.class,
                        Set.<Flag>of(),
                        request -> revoke(request, profile -> profile.user.equals(request.caller().name()))),
                WebEndpoint.get("/p/{token}", Role.NONE, "The page of a one-time link.", Void.class, this::page),
                WebEndpoint.post(
                                "/p/{token}", Role.NONE, "The profile of a one-time link, once.", Void.class, Void.class, this::reveal)
                        .with(Flag.RAW_BODY),
                WebEndpoint.get(
                        LinkPage.STYLE_PATH, Role.NONE, "How the page of a one-time link looks.", Void.class,
                        _ -> WebResponse.bytes("text/css", bytes(LinkPage.STYLE))));
    }

    /** Every profile by user, each list oldest first. */
    Map<String, List<Profile>> byUser() throws InterruptedException {
        return all().stream().collect(Collectors.groupingBy(Profile::user, HashMap::new, Collectors.toList()));
    }

    private List<Profile> all() throws InterruptedException {
        return commands.rowsOrNone("profile list", Map.of()).stream()
                .map(row -> new Profile(
                        row.text("id"),
                        row.text("user"),
                        row.text("notBefore"),
                        row.text("notAfter"),
                        devices.of(row.text("id")),
                        "openvpn"))
                .toList();
    }

    /** Ends every link to what a user has. */
    void forget(String user) throws Problem {
        links.revokeOf(user);
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        Predicate<Profile> filter = request.query("filter")
                .map(text -> (Predicate<Profile>) profile -> ("user:" + profile.user).equals(text))
                .orElse(_ -> true);
        var page = LISTING.page(request, all().stream().filter(filter).toList());
        return WebResponse.json(new Profiles(page.items(), page.next(), page.total()));
    }

    /** A user has devices, and no need of certificates without end. */
    private void spare(String user) throws Problem, InterruptedException {
        if (all().stream().filter(profile -> profile.user.equals(user)).count() >= MOST_OWN) {
            throw new Problem(409, "too-many-profiles",
                    "You have " + MOST_OWN + " profiles; revoke one that you no longer use first.");
        }
    }

    private WebResponse issue(WebRequest request, String user, String path) throws Problem, InterruptedException {
        IssueProfile wish = request.body(IssueProfile.class);
        var arguments = new LinkedHashMap<String, Object>();
        arguments.put("name", user);
        put(arguments, "protocol", wish.protocol);
        put(arguments, "instance", wish.instance);
        put(arguments, "transport", wish.transport);
        put(arguments, "remote", wish.remote == null || wish.remote.isBlank() ? host(request) : wish.remote);
        arguments.put("reuse", Boolean.TRUE.equals(wish.reuse));
        Row row = commands.row("profile", arguments);
        String certificate = row.text("certificate");
        String id = certificate.isEmpty() ? UUID.randomUUID().toString() : certificate;
        String device = wish.device == null ? "" : wish.device.strip();
        if (!device.isEmpty() && !certificate.isEmpty()) {
            Set<String> known = new HashSet<>();
            all().forEach(profile -> known.add(profile.id));
            devices.put(id, device.substring(0, Math.min(64, device.length())), known::contains);
        }
        Issued issued = downloads.add(id, user, fileName(user, device), row.text("profile"));
        request.target("profile " + id + " of " + user);
        return WebResponse.created(
                path + id + "/file",
                new IssuedProfile(
                        id,
                        user,
                        row.text("protocol"),
                        row.text("instance"),
                        row.text("transport"),
                        certificate,
                        issued.fileName(),
                        issued.until().toString(),
                        new DownloadPaths(path + id + "/file", path + id + "/qr.svg", path + id + "/link"),
                        QrPicture.fits(issued.text())));
    }

    /** The name under which the console was reached, for listeners that do not say what clients connect to. */
    private String host(WebRequest request) throws InterruptedException {
        if (request.caller().means() == Caller.Means.LOCAL) {
            return "";
        }
        try {
            boolean known = commands.row("config detail", Map.of("module", "tunnel.openvpn")).rows("instances").stream()
                    .anyMatch(instance -> !instance.row("values").text("remoteHost").isBlank());
            return known ? "" : request.header("Host").orElse("").replaceFirst(":[0-9]*$", "").replaceAll("[\\[\\]]", "");
        } catch (Problem e) {
            return "";
        }
    }

    private static void put(Map<String, Object> arguments, String name, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            arguments.put(name, value.strip());
        }
    }

    /** What goes into a header and onto a disk: nothing but plain characters. */
    private static String fileName(String user, String device) {
        String name = device.isEmpty() ? user : user + "-" + device;
        return name.replaceAll("[^A-Za-z0-9._@-]+", "-") + ".ovpn";
    }

    private WebResponse revoke(WebRequest request, Predicate<Profile> whose) throws Problem, InterruptedException {
        String id = request.parameter("id");
        Profile profile = all().stream()
                .filter(each -> each.id.equals(id))
                .filter(whose)
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no profile " + id + ", or it is revoked already."));
        request.target("profile " + id + " of " + profile.user);
        Row row = commands.row("revoke", Map.of("profile", id));
        downloads.close(id);
        links.revoke(id);
        return WebResponse.json(new RevokedProfile(
                id, profile.user, row.texts("revoked"), (int) row.number("sessionsEnded"), row.text("note")));
    }

    private Issued open(WebRequest request) throws Problem {
        return downloads.find(request.parameter("id"))
                .orElseThrow(() -> Problem.gone("This profile can no longer be downloaded; issue a new one."));
    }

    private Issued own(WebRequest request) throws Problem {
        Issued issued = open(request);
        if (!issued.user().equals(request.caller().name())) {
            throw Problem.gone("This profile can no longer be downloaded; issue a new one.");
        }
        return issued;
    }

    private static WebResponse file(Issued issued) {
        return WebResponse.bytes(OVPN, bytes(issued.text()))
                .with("Content-Disposition", "attachment; filename=\"" + issued.fileName() + "\"")
                .with("Cache-Control", "no-store");
    }

    private static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private WebResponse picture(WebRequest request) throws Problem {
        return picture(request, open(request));
    }

    private WebResponse picture(WebRequest request, Issued issued) throws Problem {
        String text = QrPicture.fits(issued.text())
                ? issued.text()
                : "https://" + request.header("Host").orElse("") + "/p/" + pictured(issued);
        String svg = QrPicture.svg(text).orElseThrow(() -> Problem.refused("The profile is too long for a picture."));
        return WebResponse.bytes("image/svg+xml", bytes(svg)).with("Cache-Control", "no-store");
    }

    private String pictured(Issued issued) throws Problem {
        Optional<String> before = downloads.pictured(issued.id());
        if (before.isPresent()) {
            return before.get();
        }
        String token = links.make(issued, Duration.ofSeconds(DAY_SECONDS)).token();
        downloads.picture(issued.id(), token);
        return token;
    }

    private WebResponse link(WebRequest request, Issued issued) throws Problem {
        Integer wish = request.body(MakeLink.class).validSeconds;
        long seconds = wish == null ? DAY_SECONDS : wish;
        if (seconds < 60 || seconds > 30 * DAY_SECONDS) {
            throw Problem.field("validSeconds", "must be from 60 to " + 30 * DAY_SECONDS);
        }
        request.target("profile " + issued.id() + " of " + issued.user());
        Links.Link link = links.make(issued, Duration.ofSeconds(seconds));
        String path = "/p/" + link.token();
        return WebResponse.created(path, new ProfileLink(path, link.until().toString()));
    }

    private WebResponse close(WebRequest request) {
        downloads.close(request.parameter("id"));
        return WebResponse.none();
    }

    // A preview of a chat program follows links: so looking shows a page, and only its button reveals.

    private WebResponse page(WebRequest request) throws Problem {
        Optional<Links.Facts> facts = links.look(request.parameter("token"));
        String host = request.header("Host").orElse("").replaceFirst(":[0-9]*$", "");
        return facts.isEmpty() ? gone(request) : html(200, LinkPage.open(languages(request), host, facts.get().until()));
    }

    private static String languages(WebRequest request) {
        return request.header("Accept-Language").orElse("");
    }

    private static WebResponse gone(WebRequest request) {
        return html(410, LinkPage.gone(languages(request)));
    }

    private static WebResponse html(int status, String page) {
        return new WebResponse.Bytes(status, "text/html; charset=utf-8", bytes(page), Map.of(
                "Cache-Control", "no-store",
                "Vary", "Accept-Language",
                "X-Robots-Tag", "noindex",
                // Without a referrer a browser would not say either that the form comes from here.
                "Referrer-Policy", "same-origin"));
    }

    private WebResponse reveal(WebRequest request) throws Problem {
        String token = request.parameter("token");
        Optional<Links.Facts> facts = links.look(token);
        if (facts.isPresent()) {
            request.target("profile " + facts.get().id() + " of " + facts.get().user());
            request.begin();
        }
        Optional<Issued> issued = links.use(token);
        if (issued.isEmpty()) {
            request.note("the link was used, or its time is over");
            return gone(request);
        }
        return file(issued.get());
    }
}
