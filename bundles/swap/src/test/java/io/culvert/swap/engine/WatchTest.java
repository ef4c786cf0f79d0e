package io.culvert.swap.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.status.PathStatus.Traffic;
import io.culvert.api.status.PathStatus.Tunnel;
import io.culvert.api.tunnel.CloseCause.Kind;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WatchTest {
    private static final long MEGABYTE = 1_000_000;

    /** The path after so many seconds. */
    private static PathStatus path(int second, long completed, long failed, long bytes, long drops, long faults) {
        var tunnel = new Tunnel(
                "tunnel.openvpn/0.1.0",
                2,
                new Handshakes(completed + failed, completed, Map.of(Kind.TLS_FAILED, failed)),
                Map.of(Kind.INTERNAL_ERROR, faults, Kind.PEER_EXIT, 7L),
                new Traffic(bytes / 1000, bytes, 0, 0));
        return new PathStatus(
                second * 1_000_000_000L, 2, Map.of("openvpn/udp", tunnel), Map.of(), Map.of("AUTHENTICATION", drops), 0,
                Map.of(), Map.of());
    }

    private static final PathStatus BEFORE = path(0, 100, 2, 0, 0, 0);
    private static final PathStatus SWITCH = path(10, 100, 2, 40 * MEGABYTE, 0, 0);

    private static Watch watch(String module) {
        return new Watch(module, "0.1.1", BEFORE, SWITCH, Limits.DEFAULT);
    }

    @Test
    void shouldSeeThatOneHandshakeInThreeFails() {
        var breach = watch("tls.jsse").breach(path(20, 104, 4, 80 * MEGABYTE, 0, 0));
        assertEquals(Optional.of("2 of 6 handshakes failed, 2 % did before"), breach);
    }

    @Test
    void shouldForgiveASingleFailure() {
        assertEquals(Optional.empty(), watch("tls.jsse").breach(path(20, 101, 3, 80 * MEGABYTE, 0, 0)));
    }

    @Test
    void shouldNotBlameAModuleForHandshakesThatItHasNoPartIn() {
        assertEquals(Optional.empty(), watch("log.file").breach(path(20, 104, 9, 80 * MEGABYTE, 0, 0)));
        assertFalse(watch("log.file").tooFewHandshakes(SWITCH));
    }

    @Test
    void shouldWantToSeeSomeHandshakes() {
        assertTrue(watch("tls.jsse").tooFewHandshakes(path(20, 102, 2, 0, 0, 0)));
        assertFalse(watch("tls.jsse").tooFewHandshakes(path(20, 103, 2, 0, 0, 0)));
    }

    @Test
    void shouldSeeThroughputBreakDownWithDrops() {
        var breach = watch("crypto.jce").breach(path(20, 100, 2, 41 * MEGABYTE, 5_000, 0));
        assertEquals(
                Optional.of("each session carries 0.4 Mbit/s, 16.0 before, and 5000 packets were dropped"), breach);
    }

    @Test
    void shouldTakeSilentPeersForSilentPeers() {
        assertEquals(Optional.empty(), watch("crypto.jce").breach(path(20, 100, 2, 40 * MEGABYTE, 3, 0)));
    }

    @Test
    void shouldNotForgiveASessionLostToAFault() {
        var breach = watch("tunnel.openvpn").breach(path(11, 100, 2, 44 * MEGABYTE, 0, 1));
        assertEquals(Optional.of("1 session was lost to a fault"), breach);
    }

    @Test
    void shouldCountErrorsOfItsModuleOnly() {
        var watch = watch("log.file");
        watch.write(Collections.nCopies(9, entry("io.culvert.core", LogRecord.Level.ERROR)));
        watch.write(Collections.nCopies(9, entry("io.culvert.log.file", LogRecord.Level.WARN)));
        assertEquals(Optional.empty(), watch.breach(SWITCH));
        watch.write(Collections.nCopies(6, entry("io.culvert.log.file", LogRecord.Level.ERROR)));
        assertEquals(Optional.of("it logged 6 errors, the last one: disk on fire"), watch.breach(SWITCH));
    }

    private static LogRecord entry(String module, LogRecord.Level level) {
        return new LogRecord(1, Instant.EPOCH, level, module, "logger", "thread", "disk on fire", Optional.empty());
    }

    @Test
    void shouldSumUp() {
        String summary = watch("tls.jsse").summary(path(20, 104, 2, 0, 12, 0));
        assertEquals(List.of("4 handshakes completed", "0 failed", "0 errors logged", "12 packets dropped", "2 sessions"),
                List.of(summary.split(", ")));
    }

    @Test
    void shouldJudgeByTheLimitsThatWereChosen() {
        PathStatus oneInThree = path(20, 104, 4, 80 * MEGABYTE, 0, 0);
        assertTrue(limited(new Limits(15, 5, 25)).breach(oneInThree).isPresent());
        assertEquals(Optional.empty(), limited(new Limits(40, 5, 25)).breach(oneInThree));
        PathStatus slow = path(20, 104, 2, 42 * MEGABYTE, 5_000, 0);
        assertTrue(limited(new Limits(15, 5, 25)).breach(slow).isPresent());
        assertEquals(Optional.empty(), limited(new Limits(15, 5, 0)).breach(slow));
        assertTrue(limited(new Limits(15, 5, 90)).breach(path(20, 104, 2, 70 * MEGABYTE, 5_000, 0)).isPresent());
    }

    private static Watch limited(Limits limits) {
        return new Watch("tls.jsse", "0.1.1", BEFORE, SWITCH, limits);
    }
}
