package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps people from locking themselves out: when somebody in a browser has changed where the console listens, or the
 * certificate that it shows, an administrator has to come by over the new place within two minutes, else the old one is brought back. What the command
 * line changes is meant.
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
    private final CountDownLatch arrived = new CountDownLatch(1);
    private volatile @Nullable Place unproven;
    private volatile boolean reverting;
    private @Nullable Thread waiting;

    /**
     * Where the console listens, and what it shows there.
     *
     * @param certificateFile as in the settings, with {@code keyFile}; empty for the appliance's own certificate
     */
    public record Place(String address, int port, List<String> names, String certificateFile, String keyFile) {}

    /** @param until to when a change of place is one of a browser's; null when none has asked for any */
    private record State(Place proven, @Nullable Instant until) {}

    /** @param revert goes back to a place; may end this very guard */
    public Guard(Store store, Json json, InstantSource clock, Consumer<Place> revert) {
        records = new Records<>(store, json, "web/guard/", State.class);
        this.clock = clock;
        this.revert = revert;
    }

    /** The console begins to listen at {@code now}. */
    public synchronized void begin(Place now) {
        try {
            var known = records.read(KEY).map(Records.Found::value);
            Instant until = known.map(State::until).orElse(null);
            if (known.isEmpty() || known.get().proven().equals(now) || until == null || clock.instant().isAfter(until)) {
                records.set(KEY, new State(now, null));
                return;
            }
            Place proven = known.get().proven();
            Duration left = Duration.between(clock.instant(), until);
            unproven = now;
            waiting = Thread.ofVirtual().name("web-guard").start(() -> await(proven, now, left));
        } catch (Problem e) {
            LOG.warn("web: the place is not guarded, {}", e.getMessage());
        }
    }

    private void await(Place proven, Place now, Duration left) {
        LOG.info("web: address {} port {} holds when an administrator comes by within {} s, else {} port {} comes back",
                now.address(), now.port(), left.toSeconds(), proven.address(), proven.port());
        try {
            if (arrived.await(left.toMillis(), TimeUnit.MILLISECONDS)) {
                records.set(KEY, new State(now, null));
                LOG.info("web: address {} port {} holds", now.address(), now.port());
                return;
            }
            reverting = true;
            records.set(KEY, new State(proven, null));
            LOG.warn("web: nobody came by at {} port {}, back to {} port {}",
                    now.address(), now.port(), proven.address(), proven.port());
            revert.accept(proven);
        } catch (InterruptedException e) {
            // The console stops; the next one goes on waiting.
        } catch (Problem e) {
            LOG.warn("web: the place is no longer guarded, {}", e.getMessage());
        }
    }

    /** A call that has passed every check, not at the Unix socket. */
    void passed(Gate.Visit visit, String method, String path) {
        Caller caller = visit.caller();
        if (caller.means() != Caller.Means.SESSION) {
            return;
        }
        if (unproven != null && caller.role() == Role.ADMINISTRATOR) {
            unproven = null;
            arrived.countDown();
        }
        if (!method.equals("GET") && CHANGES.matcher(path).matches()) {
            ask();
        }
    }

    private void ask() {
        try {
            var known = records.read(KEY);
            if (known.isPresent()) {
                records.set(KEY, new State(known.get().value().proven(), clock.instant().plus(TIME)));
            }
        } catch (Problem e) {
            LOG.warn("web: the place is not guarded, {}", e.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        if (waiting != null && !reverting) {
            waiting.interrupt();
        }
    }
}
