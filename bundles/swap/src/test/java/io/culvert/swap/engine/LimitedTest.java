package io.culvert.swap.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LimitedTest {
    @Test
    void shouldGiveUpWhatDoesNotComeBackAndInterruptIt() throws Exception {
        var interrupted = new CountDownLatch(1);
        var hung = assertThrows(
                StepFailed.Hung.class,
                () -> Limited.call(Duration.ofMillis(50), "tls.jsse 0.1.1: its stop", () -> {
                    try {
                        return new CountDownLatch(1).await(1, TimeUnit.HOURS);
                    } finally {
                        interrupted.countDown();
                    }
                }));
        assertTrue(hung.getMessage().startsWith("tls.jsse 0.1.1: its stop did not end"), hung.getMessage());
        assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    }

    @Test
    void shouldPassOnWhatIsThrown() {
        var thrown = assertThrows(IOException.class, () -> Limited.call(Duration.ofSeconds(10), "it", () -> {
            throw new IOException("disk full");
        }));
        assertEquals("disk full", thrown.getMessage());
        assertThrows(StepFailed.class, () -> Limited.call(Duration.ofSeconds(10), "it", () -> {
            throw new NoClassDefFoundError("x");
        }));
    }
}
