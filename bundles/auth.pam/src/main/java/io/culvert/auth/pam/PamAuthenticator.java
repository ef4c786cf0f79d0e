package io.culvert.auth.pam;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks passwords with PAM, on a few threads of its own: a PAM module that hangs, or waits for a user, cannot be
 * interrupted, and the thread that asks must have its answer in time. What hangs keeps one of these threads, whatever is
 * done; the others go on, and when all of them hang logins are refused at once.
 */
final class PamAuthenticator implements Authenticator, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PamAuthenticator.class);
    private static final long IDLE_SECONDS = 10;
    private static final long GOODBYE_SECONDS = 2;

    /**
     * How long it waits for whom.
     *
     * @param slot for one of the threads
     * @param answer for PAM
     * @param question for the user
     */
    record Patience(Duration slot, Duration answer, Duration question) {}

    private final LibPam pam;
    private final Transaction transaction;
    private final Patience patience;
    private final int concurrency;
    private final Semaphore slots;
    private final ThreadPoolExecutor threads;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile String problem = "";

    PamAuthenticator(LibPam pam, Transaction transaction, int concurrency, Patience patience) {
        this.pam = pam;
        this.transaction = transaction;
        this.patience = patience;
        this.concurrency = concurrency;
        this.slots = new Semaphore(concurrency, true);
        this.threads = new ThreadPoolExecutor(
                concurrency, concurrency, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("auth-pam-", 1).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public String name() {
        return "pam";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws PamException, InterruptedException {
        if (!Conversation.fits(credentials.password()) || credentials.username().indexOf('\0') >= 0) {
            refused.increment();
            return new Refused("user name or password is too long for PAM, or has a zero in it", Attempt.PEER_TEXT);
        }
        try {
            AuthDecision decision = ask(credentials);
            problem = "";
            count(decision);
            return decision;
        } catch (PamException e) {
            failed.increment();
            problem = String.valueOf(e.getMessage());
            throw e;
        }
    }

    private AuthDecision ask(Credentials credentials) throws PamException, InterruptedException {
        if (!slots.tryAcquire(patience.slot().toMillis(), TimeUnit.MILLISECONDS)) {
            throw new PamException("all " + concurrency + " places in PAM are taken: one of its modules hangs, or waits"
                    + " for users");
        }
        var attempt = new Attempt(pam, transaction, credentials, patience.question());
        try {
            threads.execute(() -> {
                try {
                    attempt.run();
                } finally {
                    slots.release();
                }
            });
        } catch (RuntimeException | Error e) {
            slots.release();
            throw e;
        }
        return attempt.await(patience.answer());
    }

    private void count(AuthDecision decision) {
        switch (decision) {
            case Accepted _ -> accepted.increment();
            case Refused _ -> refused.increment();
            case AuthDecision.Pending pending -> pending.answer().thenAccept(this::count);
            default -> unknown.increment();
        }
    }

    /** For the status. */
    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("places", concurrency);
        facts.put("taken", concurrency - slots.availablePermits());
        facts.put("accepted", accepted.sum());
        facts.put("refused", refused.sum());
        facts.put("unknown", unknown.sum());
        facts.put("failed", failed.sum());
        if (!problem.isEmpty()) {
            facts.put("problem", problem);
        }
        return facts;
    }

    /** Logins that wait for a user are refused. */
    @Override
    public void close() throws InterruptedException {
        threads.shutdownNow();
        if (!threads.awaitTermination(GOODBYE_SECONDS, TimeUnit.SECONDS)) {
            LOG.warn("pam: {} threads hang in a PAM module; they and this version of the bundle stay until it returns",
                    threads.getActiveCount());
        }
    }
}
