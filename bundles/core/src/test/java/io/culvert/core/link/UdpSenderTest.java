package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Linux;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class UdpSenderTest {
    private static final InetAddress REMOTE = InetAddress.ofLiteral("192.0.2.1");

    private final SentMessages kernel = new SentMessages();
    private final Drops drops = new Drops();
    private final BufferPool pool = new BufferPool(1500, 64, 2048);
    private final FakeGate gate = new FakeGate();
    private final SteppedPoller poller = new SteppedPoller();
    private final List<Runnable> timers = new ArrayList<>();
    private final List<Runnable> longTimers = new ArrayList<>();
    private long nowNs;
    private final UdpLink link = new UdpLink(
            kernel.libc(),
            new ListenerClaim(Transport.UDP, new InetSocketAddress("::", 1194)),
            Optional.empty(),
            new UdpSockets(new ListenSocket(7, Linux.AF_INET6, 1194), null, null),
            0,
            new LinkResources(pool, drops, new EndpointTable(16, new EndpointTable.Key(1, 2)), poller, () -> nowNs,
                    (delay, then) -> (delay > 100_000_000L ? longTimers : timers).add(then), gate),
            new UdpBatches());

    @AfterEach
    void shouldKeepNoBuffer() {
        link.close();
        assertEquals(pool.capacity(), pool.free());
        assertEquals(0, gate.holds);
    }

    private void send(int port, int length, int mark) {
        PooledBuffer datagram = pool.allocate();
        datagram.bounds(datagram.offset(), length);
        if (length > 0) {
            datagram.segment().set(JAVA_BYTE, datagram.offset(), (byte) mark);
        }
        link.send(datagram, to(port));
    }

    private LinkEndpoint to(int port) {
        return link.endpoint(new RemoteEnd(
                Transport.UDP, new InetSocketAddress(REMOTE, port), InetAddress.ofLiteral("10.0.0.1"), 1194));
    }

    private void sendAll(int port, int... lengths) {
        for (int length : lengths) {
            send(port, length, 0);
        }
    }

    private List<List<Integer>> lengths() {
        return kernel.sent.stream().map(SentMessages.Message::lengths).toList();
    }

    /** The first bytes of what went to the port, in order. */
    private List<Integer> marks(int port) {
        return kernel.sent.stream()
                .filter(message -> message.port() == port)
                .flatMap(message -> message.datagrams().stream())
                .map(datagram -> datagram[0] & 0xff)
                .toList();
    }

    @Test
    void shouldSendDatagramsOfOneSizeAsOneRunThatAShorterOneEnds() {
        sendAll(1, 100, 100, 100, 40, 100, 100, 120);
        link.flush();
        assertEquals(List.of(List.of(100, 100, 100, 40), List.of(100, 100), List.of(120)), lengths());
        assertEquals(List.of(100, 100, 0), kernel.sent.stream().map(SentMessages.Message::segmentBytes).toList());
        assertEquals(1, kernel.calls);
    }

    @Test
    void shouldGroupInterleavedRemotesEachInItsOrder() {
        for (int i = 0; i < 60; i++) {
            send(1 + i % 3, 100 + i % 3, i);
        }
        link.flush();
        assertEquals(3, kernel.sent.size());
        for (int port = 1; port <= 3; port++) {
            int first = port - 1;
            assertEquals(IntStream.range(0, 20).mapToObj(i -> first + 3 * i).toList(), marks(port));
        }
    }

    @Test
    void shouldBoundARunByDatagramsAndBytes() {
        for (int i = 0; i < 150; i++) {
            send(1, 50, i);
        }
        link.flush();
        assertEquals(List.of(64, 64, 22), kernel.sent.stream().map(m -> m.datagrams().size()).toList());
        kernel.sent.clear();
        for (int i = 0; i < 50; i++) {
            send(1, 1500, i);
        }
        link.flush();
        assertEquals(List.of(43, 7), kernel.sent.stream().map(m -> m.datagrams().size()).toList());
        assertEquals(IntStream.range(0, 50).boxed().toList(), marks(1));
    }

    @Test
    void shouldSendEmptyDatagramsAlone() {
        sendAll(1, 0, 0, 10, 10, 0);
        link.flush();
        assertEquals(List.of(List.of(0), List.of(0), List.of(10, 10), List.of(0)), lengths());
    }

    @Test
    void shouldSendABatchBeforeTheRoundEnds() {
        for (int i = 0; i < SendBatch.DATAGRAMS; i++) {
            send(i, 10, i);
        }
        assertEquals(0, kernel.calls);
        send(1, 10, 0);
        assertEquals(SendBatch.DATAGRAMS, kernel.sent.size());
        link.flush();
        assertEquals(SendBatch.DATAGRAMS + 1, kernel.sent.size());
    }

    @Test
    void shouldSendOneByOneOnceTheDeviceCannotSegment() {
        for (int i = 0; i < 4; i++) {
            send(1, 100, i);
            send(2, 50, i);
        }
        kernel.answers.add(-Errno.EIO);
        link.flush();
        assertEquals(8, kernel.sent.size());
        assertEquals(List.of(0, 1, 2, 3), marks(1));
        assertEquals(List.of(0, 1, 2, 3), marks(2));
        kernel.sent.clear();
        sendAll(3, 10, 10);
        link.flush();
        assertEquals(List.of(List.of(10), List.of(10)), lengths());
        assertTrue(drops.snapshot().isEmpty());
    }

    @Test
    void shouldSendOneByOneWhatIsLongerThanThePath() {
        for (int i = 0; i < 3; i++) {
            send(1, 100, i);
            send(2, 1400, i);
            send(3, 1400, i);
        }
        kernel.answers.addAll(List.of(1, -Errno.EMSGSIZE));
        link.flush();
        assertEquals(List.of(1, 2, 3, 2, 2), kernel.sent.stream().map(SentMessages.Message::port).toList());
        assertEquals(List.of(0, 1, 2), marks(2));
        kernel.sent.clear();
        sendAll(2, 1400, 1400);
        link.flush();
        sendAll(2, 1399, 1399);
        link.flush();
        assertEquals(List.of(List.of(1400), List.of(1400), List.of(1399, 1399)), lengths());
        assertTrue(drops.snapshot().isEmpty());
    }

    @Test
    void shouldDropOnlyTheRunThatTheKernelRefuses() {
        sendAll(1, 10, 10);
        sendAll(2, 20, 20);
        sendAll(3, 30);
        kernel.answers.addAll(List.of(1, -Errno.EINTR, -Errno.ENETUNREACH));
        link.flush();
        assertEquals(List.of(List.of(10, 10), List.of(30)), lengths());
        assertEquals(2, drops.of(DropReason.LINK_ERROR));
    }

    @Test
    void shouldKeepWhatTheKernelDoesNotTakeAndHoldTheTunMeanwhile() throws Exception {
        link.resume(new NoSink(), null);
        for (int i = 0; i < 8; i++) {
            send(1 + i % 2, 100, i);
        }
        kernel.answers.addAll(List.of(1, -Errno.EAGAIN));
        link.flush();
        assertEquals(1, gate.holds);
        assertTrue(poller.writing.contains(link));
        assertEquals(List.of(0, 2, 4, 6), marks(1));
        int calls = kernel.calls;
        send(2, 100, 9);
        link.flush();
        assertEquals(calls, kernel.calls, "nothing is tried before the socket can be written");
        kernel.answers.add(-Errno.EAGAIN);
        link.onReady(false, true);
        assertEquals(1, gate.holds);
        link.onReady(false, true);
        assertEquals(0, gate.holds);
        assertFalse(poller.writing.contains(link));
        assertEquals(List.of(1, 3, 5, 7, 9), marks(2));
        assertEquals(1, gate.everHeld);
        sendAll(1, 10);
        link.flush();
        assertEquals(3, kernel.sent.size());
    }

    @Test
    void shouldDropTheNewestWhenTheQueueIsFull() throws Exception {
        link.resume(new NoSink(), null);
        kernel.answers.addAll(Collections.nCopies(10, -Errno.EAGAIN));
        for (int i = 0; i < 1024 + 100; i++) {
            send(1, 10, i / 256);
        }
        link.flush();
        assertEquals(100, drops.of(DropReason.QUEUE_FULL));
        kernel.answers.clear();
        link.onReady(false, true);
        assertEquals(IntStream.range(0, 1024).mapToObj(i -> i / 256).toList(), marks(1));
        assertEquals(0, gate.holds);
    }

    @Test
    void shouldSendTheRestOfASuspendedLinkByTheClock() throws Exception {
        link.resume(new NoSink(), null);
        sendAll(1, 10, 10, 20);
        kernel.answers.addAll(Collections.nCopies(2, -Errno.EAGAIN));
        link.flush();
        assertEquals(1, gate.holds);
        link.suspend();
        assertEquals(0, gate.holds);
        timers.removeFirst().run();
        assertEquals(0, kernel.sent.size());
        timers.removeFirst().run();
        assertEquals(2, kernel.sent.size());
        assertTrue(timers.isEmpty());
        sendAll(1, 30);
        link.flush();
        assertEquals(3, kernel.sent.size());
    }

    @Test
    void shouldGoOnAfterItIsResumedWithARest() throws Exception {
        sendAll(1, 10);
        kernel.answers.add(-Errno.EAGAIN);
        link.flush();
        assertEquals(0, gate.holds);
        link.resume(new NoSink(), null);
        assertEquals(1, gate.holds);
        timers.removeFirst().run();
        assertEquals(0, kernel.sent.size());
        link.onReady(false, true);
        assertEquals(1, kernel.sent.size());
        assertEquals(0, gate.holds);
    }

    @Test
    void shouldReleaseTheTunAfterASecondAndDropWhatIsTooMuch() throws Exception {
        link.resume(new NoSink(), null);
        for (int i = 0; i < 3; i++) {
            sendAll(1, 10);
            kernel.answers.add(-Errno.EAGAIN);
            link.flush();
            assertEquals(1, gate.holds);
            nowNs += 600_000_000L;
            if (i < 2) {
                link.onReady(false, true);
                assertEquals(0, gate.holds);
            }
        }
        assertEquals(1, longTimers.size(), "one timer, however often it blocks");
        longTimers.removeFirst().run();
        assertEquals(1, gate.holds, "not held for a second in a row");
        nowNs += 400_000_000L;
        longTimers.removeFirst().run();
        assertEquals(0, gate.holds);
        assertTrue(poller.writing.contains(link));
        for (int i = 0; i < 1024; i++) {
            sendAll(1, 10);
        }
        assertEquals(1, drops.of(DropReason.QUEUE_FULL));
        link.onReady(false, true);
        assertEquals(0, gate.holds);
        assertFalse(poller.writing.contains(link));
        assertTrue(longTimers.isEmpty());
    }

    @Test
    void shouldSendTheRestAfterAFailure() {
        sendAll(1, 10, 20);
        sendAll(2, 30);
        PooledBuffer released = pool.allocate();
        released.bounds(released.offset(), 40);
        link.send(released, to(3));
        sendAll(4, 50);
        released.release();
        assertThrows(IllegalStateException.class, link::flush);
        kernel.sent.clear();
        assertTrue(link.send(pool.allocate(), to(5)), "a flush is due");
        link.flush();
        assertEquals(List.of(4, 5), kernel.sent.stream().map(SentMessages.Message::port).toList());
    }

    @Test
    void shouldDropTheRestWhenItIsClosed() throws Exception {
        link.resume(new NoSink(), null);
        sendAll(1, 10, 20);
        kernel.answers.addAll(Collections.nCopies(2, -Errno.EAGAIN));
        link.flush();
        link.close();
        assertEquals(2, drops.of(DropReason.LINK_ERROR));
        assertEquals(0, gate.holds);
    }
}
