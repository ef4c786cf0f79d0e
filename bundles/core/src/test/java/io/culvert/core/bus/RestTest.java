package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions become records at a moment when none is in the middle of a negotiation, if there is such a moment soon. */
class RestTest {
    private static final InetSocketAddress ALICE = new InetSocketAddress("192.0.2.7", 4001);
    private static final long SECOND = 1_000_000_000L;

    private final BusFixture fixture = new BusFixture();
    private final ToyProtocol protocol = fixture.attach();

    enum Way {
        DETACH,
        QUIESCE
    }

    private CompletableFuture<@Nullable Void> begin(Way way) {
        CompletionStage<@Nullable Void> stage =
                way == Way.DETACH ? fixture.bus.detach(protocol) : fixture.bus.quiesce(true);
        fixture.settle();
        return stage.toCompletableFuture();
    }

    private boolean flows() {
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        return fixture.tun.drain().size() == 1;
    }

    @ParameterizedTest
    @EnumSource
    void shouldWaitForTheEndOfANegotiationWhilePacketsPass(Way way) {
        fixture.join(1, "alice", ALICE);
        protocol.busy = true;
        var done = begin(way);
        for (int i = 0; i < 10; i++) {
            fixture.pass(SECOND / 10);
            assertFalse(done.isDone());
            assertTrue(flows());
        }
        protocol.busy = false;
        fixture.pass(SECOND / 10);
        fixture.pass(SECOND / 10);
        assertTrue(done.isDone());
        assertEquals(1, fixture.records.stored.size());
    }

    @ParameterizedTest
    @EnumSource
    void shouldNotWaitForLong(Way way) {
        fixture.join(1, "alice", ALICE);
        protocol.busy = true;
        var done = begin(way);
        for (int i = 0; i < 40 && !done.isDone(); i++) {
            fixture.pass(SECOND / 10);
        }
        assertTrue(done.isDone());
        assertEquals(1, fixture.records.stored.size());
    }
}
