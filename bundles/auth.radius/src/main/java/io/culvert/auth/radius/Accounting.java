package io.culvert.auth.radius;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.auth.radius.RadiusPacket.Attribute;
import java.io.IOException;
import java.net.Inet4Address;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports sessions to the servers (RFC 2866): start, interim, stop. Reports wait in order while no server answers, and
 * say how late they are; when too many wait, the oldest are given up.
 */
final class Accounting implements SessionListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Accounting.class);
    private static final int START = 1;
    private static final int STOP = 2;
    private static final int INTERIM = 3;
    private static final int MAX_WAITING = 16_384;
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration FAREWELL = Duration.ofSeconds(3);
    private static final int VIRTUAL = 5;

    final LongAdder reported = new LongAdder();
    final LongAdder lost = new LongAdder();

    private final RadiusClient client;
    private final String nasIdentifier;
    private final Classes classes;
    private final InstantSource clock;
    private final Supplier<@Nullable LiveSessions> sessions;
    private final ScheduledExecutorService thread;

    /** Guarded by itself. */
    private final Deque<Report> waiting = new ArrayDeque<>();

    private volatile boolean away;

    private record Report(List<Attribute> attributes, long atSeconds) {}

    Accounting(
            RadiusConfig config, Classes classes, Supplier<@Nullable LiveSessions> sessions, InstantSource clock) {
        this.client = new RadiusClient(
                config.accountants(), config.seals(), config.timeoutMs(), config.tries(), config.signed());
        this.nasIdentifier = config.nasIdentifier();
        this.classes = classes;
        this.sessions = sessions;
        this.clock = clock;
        this.thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("culvert-radius-accounting").factory());
        thread.scheduleWithFixedDelay(this::send, RETRY.toMillis(), RETRY.toMillis(), TimeUnit.MILLISECONDS);
        long interim = config.interim().toMillis();
        thread.scheduleAtFixedRate(this::interim, interim, interim, TimeUnit.MILLISECONDS);
    }

    int waiting() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    @Override
    public void started(SessionStatus session) {
        report(START, session, null);
    }

    @Override
    public void ended(SessionStatus session, CloseCause cause) {
        report(STOP, session, cause);
    }

    private void interim() {
        LiveSessions live = sessions.get();
        if (live == null || away) {
            return;
        }
        for (SessionStatus session : live.list()) {
            if (session.established()) {
                add(attributes(INTERIM, session, null));
            }
        }
        send();
    }

    private void report(int status, SessionStatus session, @Nullable CloseCause cause) {
        add(attributes(status, session, cause));
        thread.execute(this::send);
    }

    private void add(List<Attribute> attributes) {
        synchronized (waiting) {
            if (waiting.size() >= MAX_WAITING) {
                waiting.removeFirst();
                if (lost.sum() == 0) {
                    LOG.warn("auth.radius: {} accounting reports wait for a server: the oldest are given up", MAX_WAITING);
                }
                lost.increment();
            }
            waiting.addLast(new Report(attributes, clock.instant().getEpochSecond()));
        }
    }

    /** Sends what waits, until one finds no server. */
    private void send() {
        while (true) {
            Report next;
            synchronized (waiting) {
                next = waiting.peekFirst();
            }
            if (next == null) {
                return;
            }
            List<Attribute> attributes = new ArrayList<>(next.attributes());
            long late = Math.max(0, clock.instant().getEpochSecond() - next.atSeconds());
            attributes.add(Attribute.number(Attribute.ACCT_DELAY_TIME, late));
            try {
                client.account(attributes);
            } catch (IOException e) {
                if (!away) {
                    away = true;
                    LOG.warn("auth.radius: accounting waits, {}", e.getMessage());
                }
                return;
            }
            if (away) {
                away = false;
                LOG.info("auth.radius: accounting goes on");
            }
            reported.increment();
            synchronized (waiting) {
                waiting.remove(next);
            }
        }
    }

    private List<Attribute> attributes(int status, SessionStatus session, @Nullable CloseCause cause) {
        List<Attribute> attributes = new ArrayList<>();
        attributes.add(Attribute.number(Attribute.ACCT_STATUS_TYPE, status));
        attributes.add(Attribute.text(Attribute.ACCT_SESSION_ID, Long.toHexString(session.id())));
        String user = session.peer().map(PeerIdentity::user).orElse("");
        attributes.add(Attribute.text(Attribute.USER_NAME, user));
        attributes.add(Attribute.text(Attribute.NAS_IDENTIFIER, nasIdentifier));
        attributes.add(Attribute.number(Attribute.NAS_PORT_TYPE, VIRTUAL));
        attributes.add(Attribute.text(
                Attribute.CALLING_STATION_ID, session.remote().getAddress().getHostAddress()));
        session.addresses()
                .flatMap(addresses -> addresses.ipv4())
                .map(Inet4Address::getAddress)
                .ifPresent(address -> attributes.add(new Attribute(Attribute.FRAMED_IP_ADDRESS, address)));
        classes.get(user).ifPresent(each -> attributes.add(new Attribute(Attribute.CLASS, each)));
        if (status != START) {
            attributes.add(Attribute.number(
                    Attribute.ACCT_SESSION_TIME,
                    Math.max(0, Duration.between(session.since(), clock.instant()).toSeconds())));
            octets(attributes, Attribute.ACCT_INPUT_OCTETS, Attribute.ACCT_INPUT_GIGAWORDS, session.bytesIn());
            octets(attributes, Attribute.ACCT_OUTPUT_OCTETS, Attribute.ACCT_OUTPUT_GIGAWORDS, session.bytesOut());
            attributes.add(Attribute.number(Attribute.ACCT_INPUT_PACKETS, session.packetsIn()));
            attributes.add(Attribute.number(Attribute.ACCT_OUTPUT_PACKETS, session.packetsOut()));
        }
        if (cause != null) {
            attributes.add(Attribute.number(Attribute.ACCT_TERMINATE_CAUSE, code(cause)));
        }
        return attributes;
    }

    private static void octets(List<Attribute> attributes, int low, int high, long octets) {
        attributes.add(Attribute.number(low, octets));
        attributes.add(Attribute.number(high, octets >>> 32));
    }

    /** RFC 2866, 5.10. */
    private static int code(CloseCause cause) {
        return switch (cause.kind()) {
            case PEER_EXIT -> 1; // User Request
            case PEER_SILENT, LINK_CLOSED -> 2; // Lost Carrier
            case REFUSED, REVOKED, KILLED -> 6; // Admin Reset
            case INTERNAL_ERROR, HANDOVER_FAILED -> 9; // NAS Error
            case SHUTDOWN -> 11; // NAS Reboot
            default -> 10; // NAS Request
        };
    }

    /** Tries for a moment to report what waits. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(FAREWELL.toSeconds(), TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
