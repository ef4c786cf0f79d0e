package io.culvert.it.lab;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** iperf3 between two hosts of the lab. */
public final class Iperf {
    /**
     * What a run gave.
     *
     * @param megabits per second that arrived
     * @param bytes that arrived
     * @param retransmits of the sender's TCP, 0 for UDP
     * @param bitsPerSecond per interval of one second, as the client saw them
     */
    public record Run(
            double megabits, long bytes, long retransmits, long lostPackets, long packets, List<Double> bitsPerSecond) {}

    private static final int PORT = 5201;

    private Iperf() {}

    /** Starts a server bound to {@code address} that serves until it is closed, and waits until it listens. */
    public static Proc server(Netns host, String address) {
        return server(host, address, PORT);
    }

    /** One that listens on another port: a server serves one client at a time. */
    public static Proc server(Netns host, String address, int port) {
        var proc = host.start(
                "iperf3-server", List.of("iperf3", "-s", "--forceflush", "-B", address, "-p", "" + port));
        proc.await("Server listening", Duration.ofSeconds(10));
        return proc;
    }

    public static Proc startClient(Netns host, String address, int seconds, String... options) {
        var command = new ArrayList<>(List.of("iperf3", "-J", "-c", address, "-t", "" + seconds));
        command.addAll(List.of(options));
        return host.start("iperf3-client", command);
    }

    public static Run run(Netns host, String address, int seconds, String... options) {
        return result(startClient(host, address, seconds, options), Duration.ofSeconds(seconds + 20));
    }

    /** Waits for a client that {@link #startClient} started. */
    @SuppressWarnings("unchecked")
    public static Run result(Proc client, Duration deadline) {
        try {
            var json = JSON.std.mapFrom(client.join(deadline).ok());
            var end = (Map<String, Object>) json.get("end");
            var udp = (Map<String, Object>) end.get("sum");
            var sum = (Map<String, Object>) end.getOrDefault("sum_received", udp);
            var sent = (Map<String, Object>) end.getOrDefault("sum_sent", Map.of());
            var intervals = new ArrayList<Double>();
            for (var interval : (List<Map<String, Object>>) json.get("intervals")) {
                intervals.add(number(((Map<String, Object>) interval.get("sum")).get("bits_per_second")));
            }
            return new Run(
                    number(sum.get("bits_per_second")) / 1e6,
                    (long) number(sum.get("bytes")),
                    (long) number(sent.getOrDefault("retransmits", 0)),
                    udp == null ? 0 : (long) number(udp.getOrDefault("lost_packets", 0)),
                    udp == null ? 0 : (long) number(udp.getOrDefault("packets", 0)),
                    intervals);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }
}
