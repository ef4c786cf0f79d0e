package io.culvert.web.rest.resource;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Profiles that were issued a moment ago, in memory only: a private key is in each. One can be downloaded until it is
 * closed or half an hour has passed. Threads: any.
 */
final class Downloads {
    static final Duration OPEN = Duration.ofMinutes(30);
    private static final int MOST = 10_000;

    private final InstantSource clock;
    private final Map<String, Issued> issued = new LinkedHashMap<>();
    /** Links that pictures show: a second look makes no second link. */
    private final Map<String, String> pictured = new LinkedHashMap<>();

    /** A profile with its text, which is a secret. */
    record Issued(String id, String user, String fileName, String text, Instant until) {
        @Override
        public String toString() {
            return "Issued[" + id + "]";
        }
    }

    Downloads(InstantSource clock) {
        this.clock = clock;
    }

    synchronized Issued add(String id, String user, String fileName, String text) {
        expire();
        var fresh = new Issued(id, user, fileName, text, clock.instant().plus(OPEN));
        issued.put(id, fresh);
        pictured.remove(id);
        drop(issued);
        return fresh;
    }

    synchronized Optional<Issued> find(String id) {
        expire();
        return Optional.ofNullable(issued.get(id));
    }

    /** Forgets the profile. */
    synchronized void close(String id) {
        issued.remove(id);
        pictured.remove(id);
    }

    synchronized Optional<String> pictured(String id) {
        return Optional.ofNullable(pictured.get(id));
    }

    synchronized void picture(String id, String token) {
        if (issued.containsKey(id)) {
            pictured.put(id, token);
        }
    }

    private void expire() {
        Instant now = clock.instant();
        issued.values().removeIf(each -> now.isAfter(each.until));
        pictured.keySet().retainAll(issued.keySet());
    }

    /** The oldest ones make room. */
    private static void drop(Map<String, ?> map) {
        for (Iterator<String> each = map.keySet().iterator(); map.size() > MOST; ) {
            each.next();
            each.remove();
        }
    }
}
