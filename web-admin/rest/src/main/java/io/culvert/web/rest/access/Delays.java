package io.culvert.web.rest.access;

import io.culvert.api.web.Problem;
import io.culvert.web.rest.server.Source;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Waits that grow with each failure: for an account, whether or not there is one of that name, and for a source of
 * calls. An account's wait stays short, and does not hold where its owner has got in before, so that nobody can lock its
 * owner out from elsewhere.
 */
final class Delays {
    /** For what names no account: only the source has to wait. */
    static final String NO_ACCOUNT = "";

    private static final int FREE = 3;
    private static final int REMEMBERED = 10_000;
    static final Duration ACCOUNT = Duration.ofSeconds(30);
    static final Duration SOURCE = Duration.ofMinutes(15);
    private static final Duration FORGOTTEN = Duration.ofHours(1);

    private record Failures(int count, Instant last, Instant until) {}

    private final InstantSource clock;
    private final Map<String, Failures> failures = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Where somebody got in: keys of an account at a source. */
    private final Map<String, Boolean> places = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

    Delays(InstantSource clock) {
        this.clock = clock;
    }

    /** @throws Problem 429 while the account or the source has to wait */
    synchronized void check(String account, String from) throws Problem {
        Instant now = clock.instant();
        for (String key : keys(account, from)) {
            Failures known = failures.get(key);
            if (known != null && now.isBefore(known.until())) {
                long seconds = Duration.between(now, known.until()).toSeconds() + 1;
                throw new Problem(429, "wait", "too many failures; wait " + seconds + " s and try again");
            }
        }
    }

    synchronized void failed(String account, String from) {
        Instant now = clock.instant();
        for (String key : keys(account, from)) {
            Failures known = failures.get(key);
            int count = known == null || known.last().plus(FORGOTTEN).isBefore(now) ? 1 : known.count() + 1;
            Duration most = key.startsWith("account ") ? ACCOUNT : SOURCE;
            // A source stands for several people now and then.
            int free = key.startsWith("account ") ? FREE : 2 * FREE;
            Duration wait = count <= free ? Duration.ZERO : Duration.ofSeconds(1L << Math.min(count - free, 20));
            failures.put(key, new Failures(count, now, now.plus(wait.compareTo(most) < 0 ? wait : most)));
        }
    }

    synchronized void succeeded(String account, String from) {
        keys(account, from).forEach(failures::remove);
        if (!account.equals(NO_ACCOUNT)) {
            places.put(place(account, Source.of(from)), true);
        }
    }

    private List<String> keys(String account, String from) {
        String source = Source.of(from);
        if (account.equals(NO_ACCOUNT)) {
            return List.of("source " + source);
        }
        String place = place(account, source);
        return List.of(places.containsKey(place) ? place : "account " + account, "source " + source);
    }

    private static String place(String account, String source) {
        return "account " + account + " at " + source;
    }
}
