package io.culvert.api.auth;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An authenticator's answer. */
public sealed interface AuthDecision {
    /**
     * The peer may come in.
     *
     * @param attributes what is known of the user: {@code group}, {@code address} ...; of two authenticators that know
     *     the same attribute, the one that is asked first is believed
     * @param remainder what of the password is left for the authenticators that are asked after this one, in UTF-8; given
     *     away, and zeroed by core; null for all of it
     */
    record Accepted(Map<String, String> attributes, byte @Nullable [] remainder) implements AuthDecision {
        public Accepted {
            attributes = Map.copyOf(attributes);
        }

        /** The others see the password as it came. */
        public Accepted(Map<String, String> attributes) {
            this(attributes, null);
        }

        @Override
        public String toString() {
            return "Accepted[" + attributes + (remainder == null ? "]" : ", remainder redacted]");
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
     * I have nothing to say of this user: the decision is as if I had not been asked, whatever the chain demands of me.
     * It lets nobody in.
     */
    record Abstained() implements AuthDecision {}

    /**
     * The answer comes later. The peer is told to wait, and what to do meanwhile.
     *
     * @param timeout after which core refuses
     * @param prompt what the peer's user is shown or sent to
     * @param answer completes with the decision, which may be the next {@code Pending}
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
