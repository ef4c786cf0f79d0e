package io.culvert.core.bus;

import io.culvert.api.packet.DropReason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the bus counts, as {@code culvert status} shows it. */
record BusStatus(Loops loops, List<PacketBus.LoopEnds> ends, PathMeter meter) {
    /** Drops and closes by reason, sessions, and the buffer pool. Any thread; roughly true. */
    Map<String, Object> asMap(List<ListenerStatus> listeners) {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("listeners", listeners.stream().map(ListenerStatus::asMap).toList());
        status.put("sessions", loops.all().stream().mapToInt(PacketLoop::sessionCount).sum());
        Map<String, Object> drops = new LinkedHashMap<>();
        for (PacketLoop loop : loops.all()) {
            loop.drops.snapshot().forEach((reason, count) -> drops.merge(reason, count, BusStatus::sum));
        }
        FramePath frames = loops.all().getFirst().frames;
        long tunErrors = ends.stream().mapToLong(end -> end.tun().writeDrops()).sum();
        if (tunErrors + frames.writeDrops() != 0) {
            drops.put(DropReason.TUN_ERROR.name(), tunErrors + frames.writeDrops());
        }
        status.put("drops", drops);
        Map<String, Object> closes = new LinkedHashMap<>();
        for (PacketLoop loop : loops.all()) {
            loop.closes.snapshot().forEach((cause, count) -> closes.merge(cause, count, BusStatus::sum));
        }
        status.put("closes", closes);
        Map<String, Object> buffers = new LinkedHashMap<>();
        for (PacketLoop loop : loops.all()) {
            var pool = loop.pool.status();
            buffers.merge("buffers", pool.buffers(), BusStatus::sum);
            buffers.merge("free", pool.free(), BusStatus::sum);
            buffers.merge("lowest", pool.lowest(), BusStatus::sum);
            buffers.merge("exhausted", pool.exhausted(), BusStatus::sum);
            buffers.put("bufferBytes", pool.bufferBytes());
        }
        status.put("pool", buffers);
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("name", ends.getFirst().tun().name());
        device.put("readDrops", ends.stream().mapToLong(end -> end.tun().readDrops()).sum());
        device.put("writeDrops", tunErrors);
        device.put("thinnedAcknowledgements", ends.stream().mapToLong(end -> end.tun().thinned()).sum());
        status.put("tun", device);
        Map<String, Object> bridge = frames.status();
        if (!bridge.isEmpty()) {
            status.put("bridge", bridge);
        }
        status.put("workers", loops.count());
        Map<String, Object> moves = new TreeMap<>();
        meter.moves().forEach((kind, move) ->
                moves.put(kind, move.done() + " of " + move.total() + " sessions moved to " + move.to()));
        status.put("moves", moves);
        return status;
    }

    private static Object sum(Object one, Object other) {
        long sum = ((Number) one).longValue() + ((Number) other).longValue();
        return one instanceof Integer ? (Object) (int) sum : (Object) sum;
    }
}
