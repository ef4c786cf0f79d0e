package io.culvert.auth.pam;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt.Question;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Credentials;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A login between the thread that asks and the one in PAM. Steps: the password is told to PAM; each prompt beyond it
 * becomes a question to the user whose answer is waited for in PAM; the decision follows.
 */
final class Attempt implements Runnable, Conversation.Questions {
    static final String PEER_TEXT = "authentication failed";

    private static final int LONGEST_QUESTION = 200;
    private static final int MOST_QUESTIONS = 4;

    private final Transaction transaction;
    private final Conversation conversation;
    private final String user;
    private final String remote;
    private final Duration patience;
    private final CompletableFuture<AuthDecision> first = new CompletableFuture<>();

    /** What is completed next, with the decision or a question. Of the thread in PAM. */
    private CompletableFuture<AuthDecision> next = first;

    private int questions;

    /** @param patience for the user's answer to a question */
    Attempt(LibPam pam, Transaction transaction, Credentials credentials, Duration patience) {
        this.transaction = transaction;
        this.user = credentials.username();
        var address = credentials.remote().getAddress();
        this.remote = address == null ? credentials.remote().getHostString() : address.getHostAddress();
        this.patience = patience;
        this.conversation = new Conversation(pam, credentials.password().clone(), this);
    }

    /** In PAM, on a thread that it may keep. */
    @Override
    public void run() {
        try {
            decide(switch (transaction.run(user, remote, conversation)) {
                case Transaction.Outcome.Allowed _ -> new AuthDecision.Accepted(Map.of());
                case Transaction.Outcome.UnknownUser _ -> new AuthDecision.Unknown();
                case Transaction.Outcome.Denied(var reason) -> new Refused("user " + user + ": " + reason, PEER_TEXT);
            });
        } catch (PamException | RuntimeException | Error e) {
            next.completeExceptionally(e);
        } finally {
            conversation.abandon();
        }
    }

    private void decide(AuthDecision made) {
        // Behind a question nobody else of the chain can be asked.
        boolean late = questions > 0 && made instanceof AuthDecision.Unknown;
        next.complete(late ? new Refused("user " + user + ": unknown", PEER_TEXT) : made);
    }

    @Override
    public byte @Nullable [] ask(String text, boolean echo) throws InterruptedException {
        if (++questions > MOST_QUESTIONS) {
            decide(new Refused("user " + user + ": PAM asks more than " + MOST_QUESTIONS + " questions", PEER_TEXT));
            return null;
        }
        String shown = text.strip().replaceAll("\\p{C}", " ");
        if (shown.length() > LONGEST_QUESTION) {
            shown = shown.substring(0, LONGEST_QUESTION);
        }
        var response = new CompletableFuture<byte[]>();
        var later = new CompletableFuture<AuthDecision>();
        var question = new Question(shown, echo, answer -> response.complete(answer.clone()));
        next.complete(new Pending(patience, question, later));
        next = later;
        try {
            return response.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException _) {
            return null;
        }
    }

    /** The decision, or what the user is asked. */
    AuthDecision await(Duration timeout) throws PamException, InterruptedException {
        AuthDecision made;
        try {
            made = first.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            conversation.abandon();
            throw new PamException("no answer of PAM in " + timeout.toSeconds() + " s: one of its modules hangs");
        } catch (InterruptedException e) {
            conversation.abandon();
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case PamException failed -> throw failed;
                case RuntimeException failed -> throw failed;
                case Throwable failed -> throw new IllegalStateException(failed);
            }
        }
        if (made instanceof Refused || made instanceof AuthDecision.Unknown) {
            // What PAM asks for a wrong password, with its thread free for others.
            TimeUnit.MICROSECONDS.sleep(Math.clamp(conversation.delayMicros(), 0, timeout.toNanos() / 1000));
        }
        return made;
    }
}
