package io.culvert.core.link;

import static io.culvert.core.link.MessageLayout.CONTROL_HEADER;
import static io.culvert.core.link.MessageLayout.MESSAGE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What sendmmsg(2) sends: a message for each run, which is the datagrams of one size that follow each other to one
 * endpoint, the last of them maybe shorter. The kernel cuts a run by UDP_SEGMENT. Datagrams to one endpoint keep their
 * order. Shared by the sockets of a loop.
 */
final class SendBatch {
    static final int DATAGRAMS = 256;
    private static final int RUN_DATAGRAMS = 64;
    private static final int RUN_BYTES = 65_000;
    private static final int TABLE = 2 * DATAGRAMS;
    private static final int NAME = 32;
    private static final int CONTROL = 64;

    final MemorySegment messages;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment iovecs;

    /** By datagram: the next one of its run, or -1. */
    private final int[] next = new int[DATAGRAMS];

    // By run.
    private final int[] heads = new int[DATAGRAMS];
    private final int[] tails = new int[DATAGRAMS];
    private final int[] counts = new int[DATAGRAMS];
    private final int[] bytes = new int[DATAGRAMS];
    private final int[] segments = new int[DATAGRAMS];
    private final boolean[] ended = new boolean[DATAGRAMS];
    private final @Nullable LinkEndpoint[] to = new @Nullable LinkEndpoint[DATAGRAMS];
    private int runs;

    /** By the hash of an endpoint, open addressing: its latest run plus 1, or 0. */
    private final int[] latest = new int[TABLE];

    SendBatch() {
        Arena arena = Arena.ofAuto();
        messages = arena.allocate((long) DATAGRAMS * MESSAGE, 64);
        names = arena.allocate((long) DATAGRAMS * NAME, 64);
        controls = arena.allocate((long) DATAGRAMS * CONTROL, 64);
        iovecs = arena.allocate((long) DATAGRAMS * MessageLayout.IOVEC, 64);
        for (int i = 0; i < DATAGRAMS; i++) {
            long at = (long) i * MESSAGE;
            messages.set(JAVA_LONG, at + MessageLayout.NAME_POINTER, names.address() + (long) i * NAME);
            messages.set(JAVA_LONG, at + MessageLayout.CONTROL_POINTER, controls.address() + (long) i * CONTROL);
        }
    }

    /**
     * Makes messages of the first {@code count} datagrams, at most {@link #DATAGRAMS}.
     *
     * @param segmentation whether runs may have more than one datagram
     * @return how many messages
     */
    int fill(
            @Nullable PooledBuffer[] datagrams,
            @Nullable LinkEndpoint[] endpoints,
            int count,
            int family,
            boolean segmentation) {
        Arrays.fill(latest, 0);
        runs = 0;
        for (int i = 0; i < count; i++) {
            PooledBuffer datagram = datagrams[i];
            LinkEndpoint endpoint = endpoints[i];
            if (datagram == null || endpoint == null) {
                throw new IllegalStateException("no datagram at " + i);
            }
            add(i, datagram.length(), endpoint, segmentation);
        }
        int iovec = 0;
        for (int run = 0; run < runs; run++) {
            long at = (long) run * MESSAGE;
            messages.set(
                    JAVA_LONG,
                    at + MessageLayout.IOVEC_POINTER,
                    iovecs.address() + (long) iovec * MessageLayout.IOVEC);
            messages.set(JAVA_LONG, at + MessageLayout.IOVEC_COUNT, counts[run]);
            for (int i = heads[run]; i >= 0; i = next[i]) {
                PooledBuffer datagram = datagrams[i];
                if (datagram != null) {
                    MessageLayout.iovec(
                            iovecs, iovec++, datagram.segment().address() + datagram.offset(), datagram.length());
                }
            }
            address(run, family);
        }
        return runs;
    }

    private void add(int i, int length, LinkEndpoint endpoint, boolean segmentation) {
        next[i] = -1;
        int slot = endpoint.hashCode() & TABLE - 1;
        int run = latest[slot] - 1;
        while (run >= 0 && !endpoint.equals(to[run])) {
            slot = slot + 1 & TABLE - 1;
            run = latest[slot] - 1;
        }
        if (run >= 0 && segmentation && joins(run, length)) {
            next[tails[run]] = i;
            tails[run] = i;
            counts[run]++;
            bytes[run] += length;
            ended[run] = length < segments[run];
            return;
        }
        run = runs++;
        latest[slot] = run + 1;
        heads[run] = i;
        tails[run] = i;
        counts[run] = 1;
        bytes[run] = length;
        segments[run] = length;
        ended[run] = length == 0 || length > endpoint.segmentLimit;
        to[run] = endpoint;
    }

    private boolean joins(int run, int length) {
        return !ended[run]
                && length <= segments[run]
                && length > 0
                && counts[run] < RUN_DATAGRAMS
                && bytes[run] + length <= RUN_BYTES;
    }

    /** To the run's endpoint, from the address that it sent to. */
    private void address(int run, int family) {
        LinkEndpoint endpoint = endpoint(run);
        long at = (long) run * MESSAGE;
        int length = SocketAddress.write(
                names,
                (long) run * NAME,
                family,
                endpoint.remoteHigh,
                endpoint.remoteLow,
                endpoint.remotePort,
                endpoint.scope);
        messages.set(JAVA_INT, at + MessageLayout.NAME_LENGTH, length);
        messages.set(JAVA_INT, at + MessageLayout.FLAGS, 0);
        long control = (long) run * CONTROL;
        int used = local(control, endpoint, family);
        if (counts[run] > 1) {
            controls.set(JAVA_SHORT, control + used + CONTROL_HEADER, (short) segments[run]);
            used += MessageLayout.controlHeader(
                    controls, control + used, Short.BYTES, Linux.IPPROTO_UDP, Linux.UDP_SEGMENT);
        }
        messages.set(JAVA_LONG, at + MessageLayout.CONTROL_LENGTH, used);
    }

    private int local(long control, LinkEndpoint endpoint, int family) {
        if (endpoint.localHigh == 0 && (endpoint.localLow == 0 || endpoint.localLow == IpAddress.mapped(0))) {
            return 0;
        }
        long data = control + CONTROL_HEADER;
        if (family == Linux.AF_INET6) {
            controls.set(SocketAddress.LONG_BE, data, endpoint.localHigh);
            controls.set(SocketAddress.LONG_BE, data + 8, endpoint.localLow);
            controls.set(JAVA_INT, data + 16, endpoint.scope);
            return MessageLayout.controlHeader(controls, control, 20, Linux.IPPROTO_IPV6, Linux.IPV6_PKTINFO);
        }
        controls.set(JAVA_INT, data, 0);
        controls.set(SocketAddress.INT_BE, data + 4, (int) endpoint.localLow);
        controls.set(JAVA_INT, data + 8, 0);
        return MessageLayout.controlHeader(controls, control, 12, Linux.IPPROTO_IP, Linux.IP_PKTINFO);
    }

    /** The run's first datagram; {@link #next} leads to the others, in their order. */
    int first(int run) {
        return heads[run];
    }

    /** The datagram behind {@code datagram} in its run, or -1. */
    int next(int datagram) {
        return next[datagram];
    }

    int count(int run) {
        return counts[run];
    }

    int segmentBytes(int run) {
        return segments[run];
    }

    LinkEndpoint endpoint(int run) {
        LinkEndpoint endpoint = to[run];
        if (endpoint == null) {
            throw new IllegalStateException("no endpoint of run " + run);
        }
        return endpoint;
    }

    /** Forgets the endpoints, which may be of a link that ends. */
    void clear() {
        Arrays.fill(to, null);
    }
}
