package io.culvert.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures round trips with small UDP datagrams, in a process of its own in a namespace: {@code echo PORT}, or
 * {@code probe ADDRESS PORT PER_SECOND}, which works through lines of its input.
 *
 * <p>Datagrams leave at their own pace, whether or not earlier ones have come back: a slow one delays none behind it and
 * hides nothing. Every sample is kept.
 */
public final class Prober implements AutoCloseable {
    private static final int BYTES = 64;
    private static final int LAST_WAIT_MS = 2000;
    private static final String DONE = "samples";

    private final Proc process;

    private Prober(Proc process) {
        this.process = process;
    }

    /**
     * What came back.
     *
     * @param microseconds a round trip each
     * @param lost how many did not come back within two seconds of the last
     */
    public record Trips(double[] microseconds, int lost) {}

    /** Starts what answers, on every address of the host. */
    public static Proc echo(Netns host, int port) {
        var process = host.start("echo", java("echo", "" + port));
        process.await("ready", Duration.ofSeconds(20));
        return process;
    }

    /** Starts a prober that waits to be {@linkplain #probe asked}. */
    public static Prober start(Netns host, String address, int port, int perSecond) {
        var process = host.startInteractive("prober", java("probe", address, "" + port, "" + perSecond));
        process.await("ready", Duration.ofSeconds(20));
        return new Prober(process);
    }

    private static List<String> java(String... arguments) {
        // Its own pauses would be seen as the tunnel's: no collector, and a processor as soon as it wants one.
        var line = new ArrayList<>(List.of(
                "chrt",
                "--fifo",
                "1",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-Xms64m",
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Path.of(System.getProperty("java.class.path").split(":")[0]).toAbsolutePath().toString(),
                Prober.class.getName()));
        line.addAll(List.of(arguments));
        return line;
    }

    /**
     * Sends {@code skip} datagrams, whose answers do not count, and {@code count} that do; waits for the answers.
     */
    public Trips probe(int skip, int count, Duration deadline) {
        int from = process.lineCount();
        process.send("" + (skip + count));
        process.await("^" + DONE, from, deadline);
        var line = process.lines().stream().skip(from).filter(l -> l.startsWith(DONE)).findFirst().orElseThrow();
        var trips = Arrays.stream(line.split(" "))
                .skip(1L + skip)
                .mapToDouble(Double::parseDouble)
                .filter(microseconds -> microseconds > 0)
                .toArray();
        return new Trips(trips, count - trips.length);
    }

    @Override
    public void close() {
        process.close();
    }

    public static void main(String[] args) throws Exception {
        if ("echo".equals(args[0])) {
            answer(Integer.parseInt(args[1]));
        }
        ask(new InetSocketAddress(args[1], Integer.parseInt(args[2])), Integer.parseInt(args[3]));
    }

    private static void answer(int port) throws IOException {
        try (var channel = DatagramChannel.open()) {
            channel.bind(new InetSocketAddress(port));
            System.out.println("ready");
            var buffer = ByteBuffer.allocateDirect(2048);
            while (true) {
                var from = channel.receive(buffer.clear());
                channel.send(buffer.flip(), from);
            }
        }
    }

    private static void ask(InetSocketAddress target, int perSecond) throws Exception {
        System.out.println("ready");
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                System.out.println(round(target, perSecond, Integer.parseInt(line)));
            }
        }
    }

    /** The trips in microseconds, in order, 0 for what is lost. A socket per round: what comes late belongs to no other. */
    private static String round(InetSocketAddress target, int perSecond, int count) throws Exception {
        var trips = new long[count];
        try (var socket = new DatagramSocket()) {
            socket.connect(target);
            var receiver = Thread.ofPlatform().start(() -> receive(socket, trips));
            send(socket, perSecond, count);
            receiver.join();
        }
        var text = new StringBuilder();
        for (long trip : trips) {
            text.append(String.format(Locale.ROOT, " %.1f", trip / 1e3));
        }
        return DONE + text;
    }

    private static void send(DatagramSocket socket, int perSecond, int count) throws IOException {
        var bytes = ByteBuffer.allocate(BYTES);
        var packet = new DatagramPacket(bytes.array(), BYTES);
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long due = begin + i * 1_000_000_000L / perSecond;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            bytes.putInt(0, i).putLong(8, System.nanoTime());
            socket.send(packet);
        }
    }

    private static void receive(DatagramSocket socket, long[] trips) {
        var bytes = ByteBuffer.allocate(BYTES);
        var packet = new DatagramPacket(bytes.array(), BYTES);
        try {
            socket.setSoTimeout(LAST_WAIT_MS);
            for (int open = trips.length; open > 0; ) {
                socket.receive(packet);
                long now = System.nanoTime();
                int index = bytes.getInt(0);
                if (index >= 0 && index < trips.length && trips[index] == 0) {
                    trips[index] = now - bytes.getLong(8);
                    open--;
                }
            }
        } catch (SocketTimeoutException e) {
            // The rest is lost.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
