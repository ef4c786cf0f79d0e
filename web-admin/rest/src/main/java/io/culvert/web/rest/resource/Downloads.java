package io.culvert.web.rest.resource;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Profiles that were issued a moment ago, in memory only: a private key is in each. One can be downloaded until it is
 * closed or half an hour has passed; a link goes on for as long as it was made for, and is good once. Threads: any.
 */
final class Downloads {
    static final Duration OPEN = Duration.ofMinutes(30);
    private static final int MOST = 10_000;
    private static final int TOKEN_BYTES = 24;

    private final InstantSource clock;
    private final SecureRandom random;
    private final Map<String, Issued> issued = new LinkedHashMap<>();
    private final Map<String, Link> links = new LinkedHashMap<>();

    /** A profile with its text, which is a secret. */
    record Issued(String id, String user, String fileName, String text, Instant until) {
        @Override
        public String toString() {
            return "Issued[" + id + "]";
        }
    }

    /** One way to a profile. */
    record Link(String token, Issued issued, Instant until) {
        @Override
        public String toString() {
            return "Link[" + issued.id + "]";
        }
    }

    Downloads(InstantSource clock, SecureRandom random) {
        this.clock = clock;
        this.random = random;
    }

    synchronized Issued add(String id, String user, String fileName, String text) {
        expire();
        var fresh = new Issued(id, user, fileName, text, clock.instant().plus(OPEN));
        issued.put(id, fresh);
        drop(issued);
        return fresh;
    }

    synchronized Optional<Issued> find(String id) {
        expire();
        return Optional.ofNullable(issued.get(id));
    }

    synchronized void close(String id) {
        issued.remove(id);
    }

    /** Forgets the profile and every link to it. */
    synchronized void revoke(String id) {
        issued.remove(id);
        links.values().removeIf(link -> link.issued.id.equals(id));
    }

    synchronized Link link(Issued target, Duration valid) {
        expire();
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        var link = new Link(
                Base64.getUrlEncoder().withoutPadding().encodeToString(bytes), target, clock.instant().plus(valid));
        links.put(link.token, link);
        drop(links);
        return link;
    }

    /** A link that leads there and is good for a while yet. */
    synchronized Optional<Link> linkTo(Issued target) {
        expire();
        return links.values().stream().filter(link -> link.issued == target).findFirst();
    }

    synchronized boolean leads(String token) {
        expire();
        return links.containsKey(token);
    }

    /** Gives the profile and ends the link. */
    synchronized Optional<Issued> reveal(String token) {
        expire();
        return Optional.ofNullable(links.remove(token)).map(Link::issued);
    }

    private void expire() {
        Instant now = clock.instant();
        issued.values().removeIf(each -> now.isAfter(each.until));
        links.values().removeIf(each -> now.isAfter(each.until));
    }

    /** The oldest ones make room. */
    private static void drop(Map<String, ?> map) {
        for (Iterator<String> each = map.keySet().iterator(); map.size() > MOST; ) {
            each.next();
            each.remove();
        }
    }
}
