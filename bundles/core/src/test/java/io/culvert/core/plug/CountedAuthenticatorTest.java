package io.culvert.core.plug;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** An authenticator that leaves has answered whoever asked it. */
class CountedAuthenticatorTest {
    private final InFlight inFlight = new InFlight();

    private CountedAuthenticator with(Supplier<AuthDecision> answer) {
        return new CountedAuthenticator(
                new Authenticator() {
                    @Override
                    public String name() {
                        return "slow";
                    }

                    @Override
                    public AuthDecision authenticate(Credentials credentials) {
                        return answer.get();
                    }
                },
                "auth.slow/1.0.0",
                inFlight);
    }

    private static Credentials anyone() {
        return new Credentials(
                "udp", "alice", new byte[0], List.of(), new InetSocketAddress("192.0.2.1", 1), Map.of());
    }

    @Test
    void shouldWaitForAQuestionThatIsNotAnswered() throws Exception {
        var asked = new CountDownLatch(1);
        var answer = new CompletableFuture<AuthDecision>();
        var authenticator = with(() -> {
            asked.countDown();
            return answer.join();
        });
        Thread.ofVirtual().start(() -> {
            try {
                authenticator.authenticate(anyone());
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        asked.await();
        assertFalse(inFlight.awaitNone(0));
        answer.complete(new AuthDecision.Accepted(Map.of()));
        assertTrue(inFlight.awaitNone(10));
    }

    @Test
    void shouldWaitForADecisionThatIsPending() throws Exception {
        var answer = new CompletableFuture<AuthDecision>();
        with(() -> new AuthDecision.Pending(Duration.ofSeconds(30), new AuthDecision.Prompt.Wait(), answer))
                .authenticate(anyone());
        assertFalse(inFlight.awaitNone(0));
        answer.complete(new AuthDecision.Accepted(Map.of()));
        assertTrue(inFlight.awaitNone(0));
    }
}
