package io.culvert.it.peer;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsProvider;
import io.culvert.tls.jsse.JsseTlsProvider;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tls.openssl.OpenSslTlsProvider;
import io.culvert.tunnel.openvpn.data.KeySlot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * The load peer's process: {@code LoadPeer PROFILE SOURCE...}. It obeys lines on its input, answers each with one line,
 * and ends with its input; each login comes from the next of the source addresses:
 *
 * <pre>
 * log-in COUNT PARALLEL          sessions that stay and answer keepalives
 * status                         how many of them live
 * rekeyed COUNT SECONDS          waits until so many of them have agreed on new keys since the last such line
 * handshakes SECONDS PARALLEL    log in and leave, so many at once
 * paced SECONDS RATE             log in and leave, so many a second whatever the server does
 * tunnel DEVICE                  log in one session and carry packets between it and a TUN device
 * export FILE                    log in one session and leave it to another program: its data keys in hex
 * </pre>
 *
 * {@code LoadPeer --static KEYFILE LOCAL:PORT REMOTE:PORT DEVICE ADDRESS/LENGTH MTU} carries packets without a login, for
 * a server that shares 256 bytes of data keys, in hex.
 */
public final class LoadPeer {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int DEFAULT_MTU = 1500;
    private static final int STATIC_PING_SECONDS = 10;

    private final Profile profile;
    private final List<InetAddress> sources;
    private final TlsProvider tls;
    private final CipherProvider ciphers = new FastestCiphers();
    private final AtomicInteger nextSource = new AtomicInteger();
    private final AtomicInteger alive = new AtomicInteger();
    private final Semaphore rekeyed = new Semaphore(0);
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

    private LoadPeer(Profile profile, List<InetAddress> sources) throws TlsException {
        this.profile = profile;
        this.sources = sources;
        this.tls = tlsProvider(profile);
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("--static")) {
            carryStatic(args);
        }
        var sources = new ArrayList<InetAddress>();
        for (int i = 1; i < args.length; i++) {
            sources.add(InetAddress.ofLiteral(args[i]));
        }
        var peer = new LoadPeer(Profile.read(Path.of(args[0])), sources);
        var in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("load peer ready, tls by " + peer.tls.name());
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(peer.obey(line.split(" ")));
        }
        System.exit(0);
    }

    private String obey(String[] words) throws Exception {
        return switch (words[0]) {
            case "log-in" -> logIn(Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            case "rekeyed" -> rekeyed(Integer.parseInt(words[1]), seconds(words[2]));
            case "status" -> "alive " + alive.get() + failures();
            case "handshakes" -> handshakes(seconds(words[1]), Integer.parseInt(words[2]));
            case "tunnel" -> tunnel(words[1]);
            case "export" -> export(Path.of(words[1]));
            case "paced" -> paced(seconds(words[1]), Integer.parseInt(words[2]));
            default -> "unknown command";
        };
    }

    /** The cheaper one where it is, as the peer shares the machine with what is measured. */
    private static TlsProvider tlsProvider(Profile profile) throws TlsException {
        try {
            var provider = new OpenSslTlsProvider();
            provider.newClientEngine(profile.policy()).close();
            return provider;
        } catch (LinkageError e) {
            return new JsseTlsProvider();
        }
    }

    private static long seconds(String text) {
        return (long) (Double.parseDouble(text) * 1e9);
    }

    private String failures() {
        var some = new ArrayList<String>();
        for (String next = failures.poll(); next != null; next = failures.poll()) {
            if (some.size() < 3) {
                some.add(next);
            }
        }
        return some.isEmpty() ? "" : "; such as " + some;
    }

    private DatagramSocket socket() throws IOException {
        var socket = sources.isEmpty()
                ? new DatagramSocket()
                : new DatagramSocket(new InetSocketAddress(
                        sources.get(Math.floorMod(nextSource.getAndIncrement(), sources.size())), 0));
        socket.connect(profile.remote());
        return socket;
    }

    /** Logs in and leaves at once; whether it worked. */
    private boolean once() {
        try (var socket = socket()) {
            var session = new ClientSession(profile, socket, tls, ciphers);
            session.logIn(PATIENCE);
            session.exit();
            return true;
        } catch (Exception e) {
            failures.add(String.valueOf(e));
            return false;
        }
    }

    private String logIn(int count, int parallel) throws InterruptedException {
        long begin = System.nanoTime();
        var places = new Semaphore(parallel);
        var done = new CountDownLatch(count);
        var connected = new AtomicInteger();
        for (int i = 0; i < count; i++) {
            places.acquire();
            Thread.startVirtualThread(() -> stay(places, done, connected));
        }
        done.await();
        return String.format(
                "connected %d of %d in %.2f s%s", connected.get(), count, (System.nanoTime() - begin) / 1e9, failures());
    }

    private void stay(Semaphore places, CountDownLatch done, AtomicInteger connected) {
        boolean in = false;
        try (var socket = socket()) {
            var session = new ClientSession(profile, socket, tls, ciphers);
            try {
                session.logIn(PATIENCE);
                session.onNewKeys(keyId -> rekeyed.release());
                in = true;
                alive.incrementAndGet();
                connected.incrementAndGet();
            } finally {
                places.release();
                done.countDown();
            }
            session.idle(System.nanoTime() + Duration.ofHours(1).toNanos());
        } catch (Exception e) {
            failures.add(String.valueOf(e));
        } finally {
            if (in) {
                alive.decrementAndGet();
            }
        }
    }

    private String rekeyed(int count, long nanos) throws InterruptedException {
        long begin = System.nanoTime();
        boolean all = rekeyed.tryAcquire(count, nanos, TimeUnit.NANOSECONDS);
        return String.format(
                "rekeyed %d of %d in %.2f s%s",
                (all ? count : 0) + rekeyed.drainPermits(), count, (System.nanoTime() - begin) / 1e9, failures());
    }

    private String handshakes(long nanos, int parallel) throws InterruptedException {
        var completed = new LongAdder();
        var failed = new LongAdder();
        long begin = System.nanoTime();
        long cpu = cpuNanos();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < parallel; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                while (System.nanoTime() - begin < nanos) {
                    (once() ? completed : failed).increment();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return report(completed, failed, begin, cpu);
    }

    private String paced(long nanos, int rate) throws InterruptedException {
        var completed = new LongAdder();
        var failed = new LongAdder();
        long begin = System.nanoTime();
        long cpu = cpuNanos();
        long count = nanos / 1_000_000_000 * rate;
        var threads = new ArrayList<Thread>();
        for (long i = 0; i < count; i++) {
            long due = begin + i * 1_000_000_000 / rate;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            threads.add(Thread.startVirtualThread(() -> (once() ? completed : failed).increment()));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return report(completed, failed, begin, cpu);
    }

    private String tunnel(String device) throws Exception {
        ClientSession session;
        InetSocketAddress local;
        try (var socket = socket()) {
            session = new ClientSession(profile, socket, tls, ciphers);
            session.logIn(PATIENCE);
            local = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        String place = place(session);
        int mtu = session.option("tun-mtu").map(Integer::parseInt).orElse(DEFAULT_MTU);
        var tunnel = new LoadTunnel(
                device,
                place,
                mtu,
                local,
                profile.remote(),
                session.slot(),
                session.peerId(),
                session.pingSeconds());
        Thread.ofPlatform().name("load-tunnel").daemon().start(tunnel);
        return "tunnel up at " + place;
    }

    /** Another program shall have the port, and no packet-id was used yet. */
    private String export(Path file) throws Exception {
        try (var socket = socket()) {
            var session = new ClientSession(profile, socket, tls, ciphers);
            session.logIn(PATIENCE);
            String cipher = session.option("cipher").orElse("unknown");
            if (!Ciphers.named(cipher).equals(Optional.of(DataCipher.AES_256_GCM))) {
                return "cannot export a session whose cipher is " + cipher;
            }
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, HexFormat.of().formatHex(session.key2()));
            var local = (InetSocketAddress) socket.getLocalSocketAddress();
            return "exported peer-id " + session.peerId() + " of " + local.getAddress().getHostAddress() + ":"
                    + local.getPort() + " at " + place(session);
        }
    }

    /** The address of the tunnel's end here with its prefix's length. */
    private static String place(ClientSession session) throws IOException {
        String[] place = session.option("ifconfig").orElseThrow().split(" ");
        int bits = 0;
        for (byte b : InetAddress.ofLiteral(place[1]).getAddress()) {
            bits += Integer.bitCount(b & 0xFF);
        }
        return place[0] + "/" + bits;
    }

    private static void carryStatic(String[] args) throws IOException {
        byte[] key2 = HexFormat.of().parseHex(Files.readString(Path.of(args[1])).replaceAll("\\s", ""));
        var slot = new KeySlot(0, DataCipher.AES_256_GCM, new FastestCiphers(), key2, false, 0);
        slot.reserved(ClientSession.ALL_PACKET_IDS);
        var tunnel = new LoadTunnel(
                args[4], args[5], Integer.parseInt(args[6]), address(args[2]), address(args[3]), slot, 0, STATIC_PING_SECONDS);
        System.out.println("tunnel up at " + args[5]);
        tunnel.run();
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(
                InetAddress.ofLiteral(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
    }

    private String report(LongAdder completed, LongAdder failed, long begin, long cpu) {
        return String.format(
                "handshakes %d failed %d in %.3f s, own cpu %.3f s%s",
                completed.sum(), failed.sum(), (System.nanoTime() - begin) / 1e9, (cpuNanos() - cpu) / 1e9, failures());
    }

    private static long cpuNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
    }
}
