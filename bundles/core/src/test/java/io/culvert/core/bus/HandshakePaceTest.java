package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.host.HostLoad.Sample;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class HandshakePaceTest {
    private static final Sample SCARCE = new Sample(0.02, 1e8, 0.25);
    private static final Sample NEITHER = new Sample(0.15, 1e8, 0.25);
    private static final Sample IDLE = new Sample(0.5, 1e8, 0.25);
    private static final Sample HANDSHAKES_ALONE = new Sample(0, 1e6, 0.25);

    private final HandshakePace pace = new HandshakePace(2);

    private void begin(int count) {
        for (int i = 0; i < count; i++) {
            pace.next();
        }
    }

    @Test
    void shouldNotHoldAnybodyUpWhileThereIsTime() {
        assertEquals(0, pace.next());
        pace.adapt(IDLE);
        begin(1_000);
        pace.adapt(HANDSHAKES_ALONE);
        assertEquals(0, pace.next());
        assertEquals(OptionalInt.empty(), pace.limit());
    }

    @Test
    void shouldHalveWhatCameWhenPacketsWantTheTime() {
        begin(100);
        pace.adapt(SCARCE);
        assertEquals(OptionalInt.of(200), pace.limit());
        assertEquals(5_000_000, pace.next());
    }

    @Test
    void shouldLetSomeInWhateverPacketsWant() {
        begin(100);
        for (int i = 0; i < 10; i++) {
            pace.adapt(SCARCE);
        }
        assertEquals(OptionalInt.of(2 * HandshakePace.FLOOR), pace.limit());
    }

    @Test
    void shouldLetMoreInStepByStepAsTimeComesBack() {
        begin(100);
        pace.adapt(SCARCE);
        pace.adapt(NEITHER);
        assertEquals(OptionalInt.of(200), pace.limit());
        pace.adapt(IDLE);
        assertEquals(OptionalInt.of(300), pace.limit());
        for (int i = 0; i < 10; i++) {
            pace.adapt(IDLE);
        }
        assertEquals(OptionalInt.empty(), pace.limit());
        assertEquals(0, pace.next());
    }

    @Test
    void shouldEndTheLimitWhenPacketsEnd() {
        begin(100);
        pace.adapt(SCARCE);
        pace.adapt(HANDSHAKES_ALONE);
        assertTrue(pace.limit().orElseThrow() > 200);
    }

    @Test
    void shouldEndTheLimitWhenItIsLongAgo() {
        begin(100);
        pace.adapt(SCARCE);
        pace.forget();
        assertEquals(0, pace.next());
        assertEquals(OptionalInt.empty(), pace.limit());
    }
}
