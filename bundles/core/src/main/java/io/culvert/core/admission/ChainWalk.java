package io.culvert.core.admission;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One login on its way through the chain. It has secrets of its own, because the way may be interrupted by an answer that
 * comes late; they are zeroed when the way ends, however it does.
 */
final class ChainWalk {
    static final String PEER_TEXT = "authentication failed";
    private static final Logger LOG = LoggerFactory.getLogger(ChainWalk.class);
    /** An authenticator that asks one question after the other is refused at some point. */
    private static final int MAX_QUESTIONS = 8;

    /** Who takes the place of an authenticator whose module was exchanged while it was asked. */
    @FunctionalInterface
    interface Succession {
        @Nullable GuardedAuthenticator of(GuardedAuthenticator failed) throws InterruptedException;
    }

    private final List<AuthenticatorChain.Step> steps;
    private final Executor later;
    private final Succession succession;
    private final String user;
    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final List<String> reasons = new ArrayList<>();
    private Credentials credentials;
    private AuthDecision.@Nullable Refused refusal;
    private boolean accepted;
    private int next;
    private int questions;

    ChainWalk(
            List<AuthenticatorChain.Step> steps, Credentials credentials, Executor later, Succession succession) {
        this.steps = steps;
        this.credentials = credentials.withPassword(credentials.password());
        this.later = later;
        this.succession = succession;
        this.user = printable(credentials.username());
    }

    static AuthDecision.Refused refused(String logText) {
        return new AuthDecision.Refused(logText, PEER_TEXT);
    }

    /** Asks those who are left. */
    AuthDecision proceed() {
        while (next < steps.size()) {
            AuthenticatorChain.Step step = steps.get(next++);
            AuthDecision end = judge(step, ask(step));
            if (end != null) {
                return end;
            }
        }
        return end(outcome());
    }

    private AuthDecision outcome() {
        if (refusal != null) {
            return refusal;
        }
        if (accepted) {
            return new AuthDecision.Accepted(attributes);
        }
        return refused(reasons.isEmpty()
                ? "no authenticator knows user " + user
                : "nobody accepted user " + user + ": " + String.join("; ", reasons));
    }

    private AuthDecision end(AuthDecision decision) {
        credentials.zero();
        return decision;
    }

    /** What the answer of {@code step} means: the end of the chain, or null. */
    private @Nullable AuthDecision judge(AuthenticatorChain.Step step, AuthDecision decision) {
        return switch (decision) {
            case AuthDecision.Pending pending -> suspended(step, pending);
            case AuthDecision.Accepted yes -> accepted(step, yes);
            case AuthDecision.Refused no -> refused(step, no);
            case AuthDecision.Abstained _ -> null;
            case AuthDecision.Unknown _ -> step.mustAccept()
                    ? refused(step, refused(step.control() + " authenticator " + step.name() + " does not know user " + user))
                    : null;
        };
    }

    private @Nullable AuthDecision accepted(AuthenticatorChain.Step step, AuthDecision.Accepted yes) {
        accepted |= step.counts();
        yes.attributes().forEach(attributes::putIfAbsent);
        byte[] remainder = yes.remainder();
        if (remainder != null) {
            Credentials former = credentials;
            credentials = former.withPassword(remainder);
            former.zero();
            Arrays.fill(remainder, (byte) 0);
        }
        boolean decides = step.control() == null || step.control() == ChainLink.Control.SUFFICIENT;
        return decides && accepted && refusal == null ? end(new AuthDecision.Accepted(attributes)) : null;
    }

    private @Nullable AuthDecision refused(AuthenticatorChain.Step step, AuthDecision.Refused no) {
        if (step.control() == null) {
            return end(no);
        }
        if (!step.mustAccept()) {
            reasons.add(no.logText());
            return null;
        }
        if (refusal == null) {
            refusal = no;
        }
        return step.control() == ChainLink.Control.REQUISITE ? end(refusal) : null;
    }

    // ---- asking

    private AuthDecision ask(AuthenticatorChain.Step step) {
        GuardedAuthenticator authenticator = step.authenticator();
        if (authenticator == null) {
            return failed(step.name(), "is in core.authenticators but is not there");
        }
        try {
            try {
                return authenticator.ask(credentials);
            } catch (ExecutionException e) {
                GuardedAuthenticator successor = succession.of(authenticator);
                if (successor == null) {
                    return failed(step.name(), "failed: " + describe(e.getCause(), credentials));
                }
                return successor.ask(credentials);
            }
        } catch (ExecutionException e) {
            return failed(step.name(), "failed: " + describe(e.getCause(), credentials));
        } catch (GuardedAuthenticator.NoAnswer e) {
            return failed(step.name(), String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failed(step.name(), "was asked by a thread that was interrupted");
        }
    }

    private AuthDecision.Refused failed(String name, String text) {
        LOG.warn("auth user={}: authenticator {} {}, refused", user, name, text);
        return refused("authenticator " + name + " " + text);
    }

    // ---- answers that come late

    private AuthDecision suspended(AuthenticatorChain.Step step, AuthDecision.Pending pending) {
        if (++questions > MAX_QUESTIONS) {
            return end(failed(step.name(), "asked more than " + MAX_QUESTIONS + " questions"));
        }
        var answer = new CompletableFuture<@Nullable AuthDecision>();
        pending.answer().whenComplete((decision, failure) -> {
            if (failure == null) {
                answer.complete(decision);
            } else {
                answer.completeExceptionally(failure);
            }
        });
        return new AuthDecision.Pending(
                pending.timeout(),
                pending.prompt(),
                answer.orTimeout(pending.timeout().toNanos(), TimeUnit.NANOSECONDS)
                        .handleAsync((decision, failure) -> resume(step, decision, failure), later));
    }

    private AuthDecision resume(
            AuthenticatorChain.Step step, @Nullable AuthDecision decision, @Nullable Throwable failure) {
        try {
            AuthDecision end = judge(step, decision != null ? decision : undecided(step, failure));
            return end == null ? proceed() : end;
        } catch (RuntimeException | Error e) {
            credentials.zero();
            throw e;
        }
    }

    private AuthDecision undecided(AuthenticatorChain.Step step, @Nullable Throwable failure) {
        if (failure == null) {
            return failed(step.name(), "gave no decision");
        }
        return failed(step.name(), failure instanceof TimeoutException
                ? "got no answer in time"
                : "failed: " + failure.getClass().getName());
    }

    // ---- words for the log

    /** A stranger's text, fit for one line of a log. */
    private static String printable(String username) {
        String shown = username.length() <= 64 ? username : username.substring(0, 64) + "...";
        return shown.replaceAll("\\p{C}", "?");
    }

    /** The exception in words, unless they repeat a secret. */
    private static String describe(Throwable failure, Credentials secret) {
        String name = failure.getClass().getName();
        String message = failure.getMessage();
        if (message == null) {
            return name;
        }
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        byte[] response = secret.response();
        return contains(text, secret.password()) || response != null && contains(text, response)
                ? name + " (text withheld)"
                : name + ": " + message;
    }

    private static boolean contains(byte[] text, byte[] part) {
        if (part.length == 0) {
            return false;
        }
        for (int start = 0; start + part.length <= text.length; start++) {
            if (Arrays.equals(text, start, start + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }
}
