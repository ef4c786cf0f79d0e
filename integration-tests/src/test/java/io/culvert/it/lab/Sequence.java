package io.culvert.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Numbered UDP datagrams at a steady pace, each end a process of its own in a namespace: {@code send ADDRESS PORT
 * PER_SECOND BYTES} and {@code receive PORT}. The receiver tells how many numbers are missing, and how long nothing came.
 */
public final class Sequence implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(20);
    private static final Pattern WINDOW =
            Pattern.compile("window received=(\\d+) lost=(-?\\d+) pause_us=(\\d+) mean_us=(\\d+)");

    private final Proc receiver;
    private final Proc sender;

    private Sequence(Proc receiver, Proc sender) {
        this.receiver = receiver;
        this.sender = sender;
    }

    /**
     * What came between two looks.
     *
     * @param received datagrams
     * @param lost numbers that are missing among them
     * @param pauseUs the longest time without any
     */
    public record Window(long received, long lost, long pauseUs) {
        public double lostPercent() {
            return received + lost == 0 ? 100 : 100.0 * lost / (received + lost);
        }
    }

    /** Sends from one host to an address of the other until closed. */
    public static Sequence start(Netns from, Netns to, String address, int port, int perSecond, int bytes) {
        var receiver = to.startInteractive("receive-" + port, java("receive", "" + port));
        receiver.await("ready", READY);
        var sender = from.start("send-" + port, java("send", address, "" + port, "" + perSecond, "" + bytes));
        return new Sequence(receiver, sender);
    }

    private static List<String> java(String... arguments) {
        // Its own pauses would be seen as the tunnel's.
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-Xms32m",
                "-Xmx32m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Path.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")).split(":")[0])
                        .toAbsolutePath()
                        .toString(),
                Sequence.class.getName()));
        line.addAll(List.of(arguments));
        return line;
    }

    /** Waits for {@code more} datagrams, and tells what came since the last look. */
    public Window look(int more, Duration deadline) {
        int from = receiver.lineCount();
        receiver.send("" + more);
        var found = WINDOW.matcher(receiver.await(WINDOW.pattern(), from, deadline).group());
        if (!found.find()) {
            throw new IllegalStateException("no window");
        }
        return new Window(
                Long.parseLong(found.group(1)), Long.parseLong(found.group(2)), Long.parseLong(found.group(3)));
    }

    @Override
    public void close() {
        sender.close();
        receiver.close();
    }

    public static void main(String[] args) throws Exception {
        if ("receive".equals(args[0])) {
            receive(Integer.parseInt(args[1]));
        } else {
            send(
                    new InetSocketAddress(args[1], Integer.parseInt(args[2])),
                    Integer.parseInt(args[3]),
                    Integer.parseInt(args[4]));
        }
    }

    private static void send(InetSocketAddress target, int perSecond, int bytes) throws IOException {
        try (var channel = DatagramChannel.open()) {
            channel.connect(target);
            var datagram = ByteBuffer.allocateDirect(bytes);
            long begin = System.nanoTime();
            for (long number = 0; ; number++) {
                long due = begin + number * 1_000_000_000L / perSecond;
                long left = due - System.nanoTime();
                if (left > 100_000) {
                    LockSupport.parkNanos(left);
                }
                datagram.clear().putLong(0, number);
                try {
                    channel.write(datagram);
                } catch (IOException e) {
                    // Nobody listens for a moment, or the way is gone: the number is missing then.
                }
            }
        }
    }

    private static void receive(int port) throws IOException {
        BlockingQueue<Integer> looks = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().start(() -> read(looks));
        try (var channel = DatagramChannel.open()) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 8 << 20);
            channel.bind(new InetSocketAddress(port));
            System.out.println("ready");
            var datagram = ByteBuffer.allocateDirect(65_536);
            long next = -1;
            long received = 0;
            long lost = 0;
            long pauseNs = 0;
            long last = 0;
            long begin = System.nanoTime();
            int more = -1;
            while (true) {
                datagram.clear();
                channel.receive(datagram);
                long now = System.nanoTime();
                if (last != 0) {
                    pauseNs = Math.max(pauseNs, now - last);
                }
                last = now;
                long number = datagram.getLong(0);
                if (next >= 0) {
                    lost += number >= next ? number - next : -1;
                }
                next = Math.max(next, number + 1);
                received++;
                if (more < 0) {
                    Integer asked = looks.poll();
                    more = asked == null ? -1 : asked;
                }
                if (more >= 0 && more-- == 0) {
                    System.out.println("window received=" + received + " lost=" + lost + " pause_us=" + pauseNs / 1000
                            + " mean_us=" + (now - begin) / 1000 / received);
                    received = 0;
                    lost = 0;
                    pauseNs = 0;
                    begin = now;
                }
            }
        }
    }

    private static void read(BlockingQueue<Integer> looks) {
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                looks.add(Integer.parseInt(line));
            }
        } catch (IOException e) {
            System.exit(1);
        }
    }
}
