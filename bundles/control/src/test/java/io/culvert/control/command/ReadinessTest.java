package io.culvert.control.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.control.command.AppliedModules.Look;
import io.culvert.control.config.Plan;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private static final Look UP = new Look(List.of(), List.of(), List.of(), 2);
    private static final Look WAITS = new Look(List.of(), List.of("core: waits for Store"), List.of(), 1);
    private static final Look FAILS =
            new Look(List.of("pki: no space left"), List.of("core: waits for CertificateAuthority"), List.of(), 1);

    private static Look await(Look... looks) throws InterruptedException {
        Deque<Look> left = new ArrayDeque<>(List.of(looks));
        AppliedModules modules = plan -> left.size() > 1 ? left.pop() : left.peek();
        return new Readiness(modules, Duration.ofMillis(50), Duration.ofSeconds(10)).await(Plan.empty());
    }

    @Test
    void shouldWaitUntilNothingIsWaiting() throws InterruptedException {
        assertEquals(UP, await(WAITS, WAITS, UP));
    }

    @Test
    void shouldGiveUpWhenNothingMoves() throws InterruptedException {
        assertEquals(List.of("core: waits for Store"), Readiness.problems(await(WAITS)));
    }

    @Test
    void shouldTellTheFailureAndNotWhatMerelyWaitsForIt() throws InterruptedException {
        assertEquals(List.of("pki: no space left"), Readiness.problems(await(WAITS, FAILS)));
    }
}
