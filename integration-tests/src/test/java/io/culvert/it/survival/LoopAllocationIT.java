package io.culvert.it.survival;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A stock client's traffic, after the JVM's warm-up, makes the packet loops allocate next to nothing. */
@RequiresRoot
class LoopAllocationIT {
    private static final int SECONDS = 5;
    private static final int MAX_WINDOWS = 8;
    private static final Duration READY = Duration.ofSeconds(10);

    /**
     * Of all loops in a window: timers, the reservation's record and commands are few, whatever the traffic is, and the
     * JVM tells megabytes at best. One small object for each packet would be several times as much.
     */
    private static final long ALLOWED_BYTES = 1 << 20;

    @ParameterizedTest
    @CsvSource({"udp,openssl", "udp,ipsecmb", "tcp,openssl"})
    void shouldAllocateNothingForAPacket(String transport, String cipher) throws Exception {
        try (var lab = Lab.open("allocation-" + transport + "-" + cipher, 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "ciphers: [" + cipher + "]"),
                    List.of(transport + ": { transport: " + transport + ", port: 1194 }"));
            long pid = appliance.up().pid();
            appliance.cli("user", "add", "alice").ok();
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(
                                    lab, host, "alice", appliance.profile("alice", Lab.serverIpv4(1), transport, ""))
                            .awaitConnected();
                    var server = Iperf.server(lab.server, "10.8.0.1")) {
                // When it is warm depends on the compiler, which has its own threads and its own mind.
                var windows = new ArrayList<Long>();
                while (windows.size() < MAX_WINDOWS && (windows.isEmpty() || windows.getLast() > ALLOWED_BYTES)) {
                    int window = windows.size();
                    long before = allocated(lab.server, pid);
                    // iperf3 refuses who comes before it has tidied up the test before.
                    server.await("\\(test #" + (2 * window + 1) + "\\)", READY);
                    var up = Iperf.run(host, "10.8.0.1", SECONDS);
                    server.await("\\(test #" + (2 * window + 2) + "\\)", READY);
                    var down = Iperf.run(host, "10.8.0.1", SECONDS, "-R");
                    assertTrue(up.megabits() > 100 && down.megabits() > 100, "traffic flowed: " + up + ", " + down);
                    windows.add(allocated(lab.server, pid) - before);
                }
                assertTrue(
                        windows.getLast() <= ALLOWED_BYTES,
                        () -> "bytes in windows of " + 2 * SECONDS + " s of traffic: " + windows);
                assertTrue(server.alive());
            }
        }
    }

    /** What the packet loops have allocated so far, in bytes. */
    private static long allocated(Netns host, long pid) {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var loops = Pattern.compile("\"culvert-loop-\\d+\".* allocated=([0-9.]+)([BKMG]) ")
                .matcher(host.exec(jcmd, "" + pid, "Thread.print", "-e").ok());
        double sum = 0;
        int count = 0;
        while (loops.find()) {
            count++;
            sum += Double.parseDouble(loops.group(1)) * Math.pow(1024, "BKMG".indexOf(loops.group(2)));
        }
        assertTrue(count > 0, "no packet loop among the threads");
        return (long) sum;
    }
}
