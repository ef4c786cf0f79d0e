package io.culvert.api.auth;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/** An authenticator's answer. */
public sealed interface AuthDecision {
    /**
     * The peer may come in.
     *
     * @param attributes what is known of the user: {@code group}, {@code address} ...
     */
    record Accepted(Map<String, String> attributes) implements AuthDecision {
        public Accepted {
            attributes = Map.copyOf(attributes);
        }
    }

    /**
     * The peer may not.
     *
     * @param logText for the operator
     * @param peerText for the peer; must not tell which of name and password was wrong
     */
    record Refused(String logText, String peerText) implements AuthDecision {
        public Refused {
            Objects.requireNonNull(logText, "logText");
            Objects.requireNonNull(peerText, "peerText");
        }
    }

    /**
     * Not my user: the next authenticator of the chain is asked. When nobody knows the user, the peer is refused.
     */
    record Unknown() implements AuthDecision {}

    /**
     * The answer comes later. The peer is told to wait, and what to do meanwhile.
     *
     * @param timeout after which core refuses
     * @param prompt what the peer's user is shown or sent to
     * @param answer completes with any decision but another {@code Pending}
     */
    record Pending(Duration timeout, Prompt prompt, CompletionStage<AuthDecision> answer) implements AuthDecision {
        public Pending {
            Objects.requireNonNull(timeout, "timeout");
            Objects.requireNonNull(prompt, "prompt");
            Objects.requireNonNull(answer, "answer");
        }
    }

    /** What the user does while a decision is pending. */
    sealed interface Prompt {
        /** Wait. */
        record Wait() implements Prompt {}

        /** Open a page in the browser. */
        record OpenUrl(String url) implements Prompt {}

        /**
         * Type an answer.
         *
         * @param text the question
         * @param echo whether typing is shown
         * @param response receives the answer, in UTF-8, on a virtual thread
         */
        record Question(String text, boolean echo, java.util.function.Consumer<byte[]> response) implements Prompt {}
    }
}
