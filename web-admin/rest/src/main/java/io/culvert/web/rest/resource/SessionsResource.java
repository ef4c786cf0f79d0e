package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingLong;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.OverviewResource.SessionCounts;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /sessions}: who is connected, and how to end it. */
public final class SessionsResource {
    private static final Listing<Session> LISTING = new Listing<>(
            Map.of(
                    "user", comparing(Session::user),
                    "since", comparing(Session::since),
                    "instance", comparing(Session::instance),
                    "remote", comparing(Session::remote),
                    "bytesIn", comparingLong(Session::bytesIn),
                    "bytesOut", comparingLong(Session::bytesOut),
                    "inPerSecond", comparingLong(Session::inPerSecond),
                    "outPerSecond", comparingLong(Session::outPerSecond)),
            "-since",
            Session::id,
            session -> String.join(
                    " ", session.id, session.user, session.protocol, session.instance, session.remote, session.client,
                    session.cipher, String.join(" ", session.addresses)));

    private final Supplier<Optional<LiveSessions>> sessions;
    private final Rates rates = new Rates();

    public SessionsResource(Supplier<Optional<LiveSessions>> sessions) {
        this.sessions = sessions;
    }

    /**
     * One session.
     *
     * @param inPerSecond bits a second from the peer
     * @param outPerSecond bits a second to the peer
     */
    public record Session(
            String id,
            String user,
            String protocol,
            String instance,
            List<String> addresses,
            String transport,
            String remote,
            String since,
            boolean established,
            long packetsIn,
            long bytesIn,
            long packetsOut,
            long bytesOut,
            long inPerSecond,
            long outPerSecond,
            String state,
            String cipher,
            String control,
            String client,
            Map<String, String> modules) {}

    /** A page of sessions. */
    public record Sessions(List<Session> items, @Nullable String next, int total) {}

    /**
     * Which sessions to end: those of {@code ids}, or all that {@code filter} and {@code q} pick.
     *
     * @param dryRun tells only which ones they are
     */
    public record EndSessions(
            @Nullable List<String> ids, @Nullable String filter, @Nullable String q, @Nullable Boolean dryRun) {}

    /** Which sessions were meant, and how many ended. */
    public record EndedSessions(int matched, List<String> users, int ended, boolean dryRun) {}

    public List<WebEndpoint> endpoints() {
        return List.of(
                WebEndpoint.get("/api/v1/sessions", Role.VIEWER, "List sessions.", Sessions.class, this::list),
                WebEndpoint.get("/api/v1/sessions/{id}", Role.VIEWER, "Show a session.", Session.class, this::one),
                WebEndpoint.post(
                        "/api/v1/sessions:end",
                        Role.OPERATOR,
                        "End sessions, or tell with dryRun which ones would end.",
                        EndSessions.class,
                        EndedSessions.class,
                        this::end));
    }

    private WebResponse list(WebRequest request) throws Problem {
        Predicate<Session> filter = filter(request.query("filter").orElse(""));
        var page = LISTING.page(request, all().stream().filter(filter).toList());
        return WebResponse.json(new Sessions(page.items(), page.next(), page.total()));
    }

    private WebResponse one(WebRequest request) throws Problem {
        String id = request.parameter("id");
        return WebResponse.json(all().stream()
                .filter(session -> session.id.equals(id))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no session " + id + "; it may have ended.")));
    }

    private WebResponse end(WebRequest request) throws Problem, InterruptedException {
        EndSessions which = request.body(EndSessions.class);
        boolean dryRun = Boolean.TRUE.equals(which.dryRun);
        String filter = which.filter == null ? "" : which.filter;
        String q = which.q == null ? "" : which.q;
        boolean byId = which.ids != null && !which.ids.isEmpty();
        if (byId == !(filter.isBlank() && q.isBlank())) {
            throw Problem.field("ids", "must name sessions, or else filter or q must pick some");
        }
        List<Session> meant = byId
                ? all().stream().filter(session -> which.ids.contains(session.id)).toList()
                : LISTING.matching(q, all().stream().filter(filter(filter)).toList());
        List<String> users = meant.stream().map(Session::user).filter(user -> !user.isEmpty()).distinct().sorted().toList();
        if (dryRun) {
            return WebResponse.json(new EndedSessions(meant.size(), users, 0, true));
        }
        var ids = new HashSet<String>();
        meant.forEach(session -> ids.add(session.id));
        request.target(meant.size() + " sessions" + (users.isEmpty() ? "" : " of " + String.join(", ", users)));
        int ended = ids.isEmpty()
                ? 0
                : live().end(
                        session -> ids.contains(Long.toHexString(session.id())),
                        new CloseCause(CloseCause.Kind.KILLED, "ended by " + request.caller().name(), ""));
        return WebResponse.json(new EndedSessions(meant.size(), users, ended, false));
    }

    private LiveSessions live() throws Problem {
        return sessions.get().orElseThrow(() -> Problem.unavailable("The network part, core, does not run."));
    }

    /** How many there are, and of how many users. */
    public record Tally(SessionCounts counts, int users) {}

    /** Counts without a look at each session's details, as it is done every second. */
    Tally tally() {
        var byProtocol = new TreeMap<String, Integer>();
        var byInstance = new TreeMap<String, Integer>();
        var users = new HashSet<String>();
        int established = 0;
        List<SessionStatus> list = sessions.get().map(LiveSessions::list).orElse(List.of());
        for (SessionStatus session : list) {
            byProtocol.merge(session.protocol(), 1, Integer::sum);
            byInstance.merge(session.protocol() + "/" + session.instance(), 1, Integer::sum);
            established += session.established() ? 1 : 0;
            session.peer().ifPresent(peer -> users.add(peer.user()));
        }
        return new Tally(new SessionCounts(list.size(), established, byProtocol, byInstance), users.size());
    }

    /** All sessions; none when core does not run. */
    List<Session> all() {
        List<SessionStatus> list = sessions.get().map(LiveSessions::list).orElse(List.of());
        Map<Long, Rates.Rate> speeds = rates.of(list, System.nanoTime());
        var all = new ArrayList<Session>(list.size());
        for (SessionStatus each : list) {
            all.add(session(each, speeds.getOrDefault(each.id(), Rates.Rate.NONE)));
        }
        return all;
    }

    private static Session session(SessionStatus session, Rates.Rate rate) {
        List<String> addresses = new ArrayList<>();
        session.addresses().ifPresent(both -> {
            both.ipv4().ifPresent(address -> addresses.add(address.getHostAddress()));
            both.ipv6().ifPresent(address -> addresses.add(address.getHostAddress()));
        });
        return new Session(
                Long.toHexString(session.id()),
                session.peer().map(PeerIdentity::user).orElse(""),
                session.protocol(),
                session.instance(),
                addresses,
                session.transport().name().toLowerCase(Locale.ROOT),
                shown(session.remote()),
                session.since().toString(),
                session.established(),
                session.packetsIn(),
                session.bytesIn(),
                session.packetsOut(),
                session.bytesOut(),
                rate.in(),
                rate.out(),
                session.tunnel().state(),
                session.tunnel().cipher(),
                session.tunnel().control(),
                session.tunnel().client(),
                new TreeMap<>(session.modules()));
    }

    private static String shown(InetSocketAddress remote) {
        String host = remote.getAddress() == null ? remote.getHostString() : remote.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + remote.getPort();
    }

    /** Terms separated by commas; all must hold. */
    private static Predicate<Session> filter(String text) throws Problem {
        Predicate<Session> filter = _ -> true;
        for (String term : text.isBlank() ? new String[0] : text.split(",")) {
            filter = filter.and(term(term.strip()));
        }
        return filter;
    }

    private static Predicate<Session> term(String term) throws Problem {
        int colon = term.indexOf(':');
        String value = colon < 0 ? "" : term.substring(colon + 1);
        return switch (colon < 0 ? term : term.substring(0, colon)) {
            case "established" -> Session::established;
            case "opening" -> session -> !session.established;
            case "user" -> session -> session.user.equals(value);
            case "protocol" -> session -> session.protocol.equals(value);
            case "transport" -> session -> session.transport.equals(value);
            case "instance" -> session -> (session.protocol + "/" + session.instance).equals(value)
                    || session.instance.equals(value);
            case "module" -> session -> session.modules.values().stream()
                    .anyMatch(module -> module.equals(value) || module.startsWith(value + "/"));
            default -> throw Problem.field("filter", "knows established, opening, user:, protocol:, transport:, instance:"
                    + " and module:, not '" + term + "'");
        };
    }
}
