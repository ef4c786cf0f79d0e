package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is signed in. Whole sessions are in the store too, so that an update of the console signs nobody out; half ones
 * are not. The cookie's secret has 256 bits and is new on each rise in privilege.
 */
final class Sessions {
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
    static final Duration HALF = Duration.ofMinutes(5);
    static final Duration CLAIMED = Duration.ofHours(1);
    static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration KEPT_EVERY = Duration.ofMinutes(1);
    /** The page has other calls under way when it proves who is there. */
    private static final Duration OVERLAP = Duration.ofSeconds(5);
    private static final int MOST_HALF = 2000;
    private static final int MOST_EACH = 20;

    private final Records<Session> records;
    private final Secrets secrets;
    private final InstantSource clock;
    private final Duration idle;
    private final Duration longest;
    private final Map<String, Session> byId = new ConcurrentHashMap<>();
    private final Map<String, String> idByHash = new ConcurrentHashMap<>();
    private final Map<String, Instant> keptAt = new ConcurrentHashMap<>();
    private final Map<String, Instant> overlapping = new ConcurrentHashMap<>();
    private final Map<String, List<Runnable>> watches = new ConcurrentHashMap<>();

    /** A session with the cookie's new secret. */
    record Opened(Session session, String secret) {
        @Override
        public String toString() {
            return "Opened[" + session + ", redacted]";
        }
    }

    Sessions(Store store, Json json, Secrets secrets, InstantSource clock, Duration idle, Duration longest) {
        records = new Records<>(store, json, "web/session/", Session.class);
        this.secrets = secrets;
        this.clock = clock;
        this.idle = idle;
        this.longest = longest;
    }

    /** Takes up what the store has. */
    void load() throws Problem {
        for (var found : records.all()) {
            byId.put(found.value().id(), found.value());
            idByHash.put(found.value().secretHash(), found.value().id());
        }
        sweep();
    }

    Opened open(Session.Stage stage, String name, Role role, String via, String from, String agent) throws Problem {
        sweep();
        if (stage != Session.Stage.FULL
                && byId.values().stream().filter(each -> each.stage() != Session.Stage.FULL).count() >= MOST_HALF) {
            throw new Problem(429, "wait", "too many people sign in at this moment; try again");
        }
        String secret = secrets.word(32);
        Instant now = clock.instant();
        boolean full = stage == Session.Stage.FULL;
        var session = new Session(
                secrets.hex(8),
                Secrets.hash(secret),
                stage,
                name,
                role,
                full ? secrets.word(16) : "",
                from,
                agent.length() > 200 ? agent.substring(0, 200) : agent,
                now,
                now,
                full ? now : null,
                via);
        if (full) {
            trim(name, role);
            keep(session);
        }
        byId.put(session.id(), session);
        idByHash.put(session.secretHash(), session.id());
        return new Opened(session, secret);
    }

    /** The one that was used longest ago makes room. */
    private void trim(String name, Role role) throws Problem {
        var same = new ArrayList<>(of(name, role));
        same.sort(Comparator.comparing((Session each) -> each.seen()));
        for (int i = 0; i <= same.size() - MOST_EACH; i++) {
            end(same.get(i).id());
        }
    }

    private void keep(Session session) throws Problem {
        records.set(session.id(), session);
        keptAt.put(session.id(), clock.instant());
    }

    /** The session that this cookie opens, now seen; empty when there is none any more. */
    Optional<Session> find(String secret) {
        String hash = Secrets.hash(secret);
        String id = idByHash.get(hash);
        Session session = id == null ? null : byId.get(id);
        Instant now = clock.instant();
        if (session == null) {
            return Optional.empty();
        }
        if (isOver(session, now)) {
            forget(session);
            return Optional.empty();
        }
        if (!session.secretHash().equals(hash)) {
            Instant until = overlapping.get(hash);
            if (until == null || now.isAfter(until)) {
                overlapping.remove(hash);
                idByHash.remove(hash);
                return Optional.empty();
            }
        }
        Session seen = byId.computeIfPresent(session.id(), (_, known) -> known.seen(now));
        if (seen != null && seen.stage() == Session.Stage.FULL && now.isAfter(keptAt.getOrDefault(seen.id(), Instant.EPOCH).plus(KEPT_EVERY))) {
            try {
                keep(seen);
            } catch (Problem e) {
                LOG.warn("web session={}: cannot be kept, {}", seen.id(), e.getMessage());
            }
        }
        return Optional.ofNullable(seen);
    }

    private boolean isOver(Session session, Instant now) {
        return switch (session.stage()) {
            case HALF -> now.isAfter(session.since().plus(HALF));
            case CLAIMED -> now.isAfter(session.since().plus(CLAIMED));
            case FULL -> now.isAfter(session.since().plus(longest)) || now.isAfter(session.seen().plus(idle));
        };
    }

    /** When it ends, whatever is done in it. */
    Instant end(Session session) {
        return session.since().plus(longest);
    }

    boolean isFresh(Session session) {
        Instant proved = session.proved();
        return proved != null && clock.instant().isBefore(proved.plus(FRESH));
    }

    /** The caller has proved who it is: another secret, the same session. */
    Opened proved(Session session) throws Problem {
        String secret = secrets.word(32);
        Session next = session.proved(Secrets.hash(secret), clock.instant());
        keep(next);
        byId.put(next.id(), next);
        idByHash.put(next.secretHash(), next.id());
        overlapping.put(session.secretHash(), clock.instant().plus(OVERLAP));
        return new Opened(next, secret);
    }

    List<Session> of(String name, Role role) {
        return byId.values().stream()
                .filter(each -> each.stage() == Session.Stage.FULL && each.name().equals(name))
                .filter(each -> (each.role() == Role.SELF) == (role == Role.SELF))
                .sorted(Comparator.comparing((Session each) -> each.seen()).reversed())
                .toList();
    }

    void end(String id) throws Problem {
        Session session = byId.get(id);
        if (session != null) {
            if (session.stage() == Session.Stage.FULL) {
                records.delete(id);
            }
            drop(session);
        }
    }

    /** Ends those that {@code which} names. */
    void endAll(Predicate<Session> which) throws Problem {
        for (Session session : List.copyOf(byId.values())) {
            if (which.test(session)) {
                end(session.id());
            }
        }
    }

    private void forget(Session session) {
        try {
            end(session.id());
        } catch (Problem e) {
            drop(session);
        }
    }

    private void drop(Session session) {
        byId.remove(session.id());
        keptAt.remove(session.id());
        idByHash.values().removeIf(session.id()::equals);
        watches.getOrDefault(session.id(), List.of()).forEach(Runnable::run);
    }

    /** Ends what is over, and the streams with it. */
    void sweep() {
        Instant now = clock.instant();
        byId.values().stream().filter(each -> isOver(each, now)).forEach(this::forget);
        overlapping.values().removeIf(now::isAfter);
    }

    Runnable watch(String id, Runnable ended) {
        watches.computeIfAbsent(id, _ -> new CopyOnWriteArrayList<>()).add(ended);
        if (!byId.containsKey(id)) {
            ended.run();
        }
        return () -> watches.computeIfPresent(id, (_, list) -> {
            list.remove(ended);
            return list.isEmpty() ? null : list;
        });
    }

    @Nullable Session byId(String id) {
        return byId.get(id);
    }
}
