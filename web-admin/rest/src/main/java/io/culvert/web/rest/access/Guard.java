package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.certificate.Pem;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps people from locking themselves out: when somebody in a browser has changed where the console listens, or the
 * certificate that it shows, an administrator has to come by over the new place within two minutes, else the old one is
 * brought back. What the command line changes is meant.
 */
public final class Guard implements AutoCloseable {
    static final Duration TIME = Duration.ofMinutes(2);
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final String KEY = "place";
    /** Calls that can lead to other settings of the console. */
    private static final Pattern CHANGES =
            Pattern.compile("/api/v1/(modules/web\\.rest/config|changes([/:].*)?|snapshots/.*)");

    private final Records<State> records;
    private final InstantSource clock;
    private final Consumer<Place> revert;
    private final Consumer<Place> held;
    private @Nullable Place place;
    private volatile @Nullable Waiting waiting;
    private volatile boolean reverting;

    /**
     * Where the console listens, and what it shows there.
     *
     * @param certificateFile as in the settings, with {@code keyFile}; empty for the appliance's own certificate
     * @param imported fingerprint of the imported certificate that is chosen; empty for none
     */
    public record Place(
            String address,
            int port,
            List<String> names,
            String certificateFile,
            String keyFile,
            @Nullable String imported) {
        public Place {
            imported = imported == null ? "" : imported;
        }

        public Place(String address, int port, List<String> names, String certificateFile, String keyFile) {
            this(address, port, names, certificateFile, keyFile, "");
        }

        Place withImported(String other) {
            return new Place(address, port, names, certificateFile, keyFile, other);
        }
    }

    /**
     * What survives a restart.
     *
     * @param until to when a change of place is one of a browser's; null when none has asked for any
     * @param next a place that a browser has certainly asked for; null when that is not known
     */
    private record State(Place proven, @Nullable Instant until, @Nullable Place next) {}

    /** @param shown fingerprint of the certificate that the administrator's connection must have; empty for any */
    private record Waiting(Place proven, Place now, String shown, Instant until, CountDownLatch arrived, Thread thread) {}

    /**
     * A guard that waits for nobody yet.
     *
     * @param revert goes back to a place; may end this very guard
     * @param held is told of a place that holds from now on
     */
    public Guard(Store store, Json json, InstantSource clock, Consumer<Place> revert, Consumer<Place> held) {
        records = new Records<>(store, json, "web/guard/", State.class);
        this.clock = clock;
        this.revert = revert;
        this.held = held;
    }

    /** The console begins to listen at {@code now}. */
    public synchronized void begin(Place now) {
        place = now;
        try {
            var known = records.read(KEY).map(Records.Found::value);
            Instant until = known.map(State::until).orElse(null);
            boolean asked = known.isPresent() && now.equals(known.get().next());
            boolean inTime = until != null && !clock.instant().isAfter(until);
            if (known.isEmpty() || known.get().proven().equals(now) || !asked && !inTime) {
                hold(now);
                return;
            }
            Instant end = inTime && until != null ? until : clock.instant().plus(TIME);
            await(known.get().proven(), now, "", end);
        } catch (Problem e) {
            LOG.warn("web: the place is not guarded, {}", e.getMessage());
        }
    }

    /**
     * A browser has asked for another certificate at the same place. It holds once an administrator comes by over a
     * connection that was opened with it.
     *
     * @param imported as in {@link Place}
     * @param shown its fingerprint
     * @throws Problem when that cannot be written down: then nothing may be changed
     */
    public synchronized void change(String imported, String shown) throws Problem {
        Place before = began();
        Place now = before.withImported(imported);
        Waiting earlier = waiting;
        Place proven = earlier == null ? before : earlier.proven();
        stopWaiting();
        if (now.equals(proven)) {
            hold(now);
        } else {
            Instant until = clock.instant().plus(TIME);
            records.set(KEY, new State(proven, until, now));
            await(proven, now, shown, until);
        }
        place = now;
    }

    /** Another certificate that needs no proof. */
    public synchronized void mean(String imported) throws Problem {
        Place now = began().withImported(imported);
        stopWaiting();
        hold(now);
        place = now;
    }

    private Place began() {
        Place now = place;
        if (now == null) {
            throw new IllegalStateException("the guard has not begun");
        }
        return now;
    }

    private void hold(Place now) throws Problem {
        records.set(KEY, new State(now, null, null));
        held.accept(now);
    }

    private void stopWaiting() {
        Waiting present = waiting;
        if (present != null) {
            waiting = null;
            present.thread().interrupt();
        }
    }

    /** To when an administrator has to come by; empty when nobody is waited for. */
    public Optional<Instant> until() {
        return Optional.ofNullable(waiting).map(Waiting::until);
    }

    private void await(Place proven, Place now, String shown, Instant until) {
        var arrived = new CountDownLatch(1);
        Thread thread = Thread.ofVirtual().name("web-guard").unstarted(() -> outcome(proven, now, until, arrived));
        waiting = new Waiting(proven, now, shown, until, arrived, thread);
        thread.start();
    }

    private void outcome(Place proven, Place now, Instant until, CountDownLatch arrived) {
        Duration left = Duration.between(clock.instant(), until);
        LOG.info("web: {} holds when an administrator comes by within {} s, else {} comes back",
                words(now), left.toSeconds(), words(proven));
        try {
            boolean came = arrived.await(left.toMillis(), TimeUnit.MILLISECONDS);
            synchronized (this) {
                Waiting present = waiting;
                if (present == null || present.arrived() != arrived) {
                    return;
                }
                waiting = null;
                if (came) {
                    hold(now);
                    LOG.info("web: {} holds", words(now));
                    return;
                }
                reverting = true;
                records.set(KEY, new State(proven, null, null));
                place = proven;
            }
            LOG.warn("web: nobody came by at {}, back to {}", words(now), words(proven));
            revert.accept(proven);
            reverting = false;
        } catch (InterruptedException e) {
            // The console stops, or the change is another by now; the next one goes on waiting.
        } catch (Problem e) {
            LOG.warn("web: the place is no longer guarded, {}", e.getMessage());
        }
    }

    private static String words(Place place) {
        String imported = String.valueOf(place.imported());
        return "address " + place.address() + " port " + place.port()
                + (imported.isEmpty() ? "" : " certificate " + imported.substring(0, Math.min(8, imported.length())));
    }

    /** A call that has passed every check, not at the Unix socket. */
    void passed(Gate.Visit visit, String method, String path, Supplier<Optional<X509Certificate>> shown) {
        Caller caller = visit.caller();
        if (caller.means() != Caller.Means.SESSION) {
            return;
        }
        Waiting present = waiting;
        if (present != null && caller.role() == Role.ADMINISTRATOR && isNew(present, shown)) {
            present.arrived().countDown();
        }
        if (!method.equals("GET") && CHANGES.matcher(path).matches()) {
            ask();
        }
    }

    private static boolean isNew(Waiting present, Supplier<Optional<X509Certificate>> shown) {
        return present.shown().isEmpty()
                || shown.get().map(Pem::fingerprint).filter(present.shown()::equals).isPresent();
    }

    private void ask() {
        try {
            var known = records.read(KEY);
            if (known.isPresent()) {
                State state = known.get().value();
                records.set(KEY, new State(state.proven(), clock.instant().plus(TIME), state.next()));
            }
        } catch (Problem e) {
            LOG.warn("web: the place is not guarded, {}", e.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        if (!reverting) {
            stopWaiting();
        }
    }
}
