package io.culvert.web.rest.events;

import io.culvert.api.log.LogRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Hands events to the listeners and remembers the newest ones for those who come back. While nobody listens nothing is
 * published; the next listener finds a new epoch, in which no earlier place can be resumed. Threads: any.
 */
public final class EventHub {
    static final int REMEMBERED = 2_000;
    static final int QUEUED = 512;
    private static final int MOST_CLIENTS = 256;
    /** Of one caller; more tabs than that show one stream, and a script needs one. */
    static final int MOST_EACH = 24;

    private final RandomGenerator random;
    private final ArrayDeque<Event> ring = new ArrayDeque<>();
    private final List<EventClient> clients = new ArrayList<>();
    private String epoch;
    private long sequence;
    private boolean stale = true;

    public EventHub(RandomGenerator random) {
        this.random = random;
        this.epoch = name();
    }

    private String name() {
        return HexFormat.of().toHexDigits(random.nextInt());
    }

    /**
     * A listener's start.
     *
     * @param missed events since the place where it was; empty when that is not known any more
     * @param resumed whether there was such a place
     * @param lost whether it named a place that is not known any more
     */
    record Start(EventClient client, String epoch, long sequence, List<Event> missed, boolean resumed, boolean lost) {}

    /**
     * @param who listens
     * @return empty when there are too many already
     */
    synchronized Optional<Start> join(EventFilter filter, Optional<String> lastId, String who) {
        if (clients.size() >= MOST_CLIENTS
                || clients.stream().filter(each -> each.who().equals(who)).count() >= MOST_EACH) {
            return Optional.empty();
        }
        if (stale) {
            epoch = name();
            sequence = 0;
            ring.clear();
            stale = false;
        }
        var client = new EventClient(QUEUED, filter, who);
        clients.add(client);
        Optional<Long> place = lastId.flatMap(this::place);
        List<Event> missed = place.map(last -> ring.stream()
                        .filter(event -> event.sequence() > last)
                        .filter(filter::wants)
                        .toList())
                .orElse(List.of());
        return Optional.of(
                new Start(client, epoch, sequence, missed, place.isPresent(), lastId.isPresent() && place.isEmpty()));
    }

    /** The sequence number of an id that can be resumed. */
    private Optional<Long> place(String id) {
        int colon = id.indexOf(':');
        if (colon < 0 || !id.substring(0, colon).equals(epoch) || !id.substring(colon + 1).matches("[0-9]{1,18}")) {
            return Optional.empty();
        }
        long last = Long.parseLong(id.substring(colon + 1));
        long oldest = ring.isEmpty() ? sequence + 1 : ring.getFirst().sequence();
        return last <= sequence && last >= oldest - 1 ? Optional.of(last) : Optional.empty();
    }

    synchronized void leave(EventClient client) {
        clients.remove(client);
    }

    /** Whether anybody follows the log. */
    public synchronized boolean followsLog() {
        return clients.stream().anyMatch(EventClient::followsLog);
    }

    public synchronized boolean listening() {
        return !clients.isEmpty();
    }

    /** Nobody has listened for a while, and nothing more is published. */
    public synchronized void rest() {
        if (clients.isEmpty()) {
            stale = true;
            ring.clear();
        }
    }

    /** @param json one line */
    public void publish(String type, String json) {
        publish(type, json, Optional.empty());
    }

    /** A log line. */
    public void publish(String json, LogRecord.Level level) {
        publish(Event.LOG, json, Optional.of(level));
    }

    private synchronized void publish(String type, String json, Optional<LogRecord.Level> level) {
        if (stale) {
            return;
        }
        var event = new Event(++sequence, type, json, level);
        if (ring.size() >= REMEMBERED) {
            ring.removeFirst();
        }
        ring.addLast(event);
        clients.forEach(client -> client.offer(event));
    }
}
