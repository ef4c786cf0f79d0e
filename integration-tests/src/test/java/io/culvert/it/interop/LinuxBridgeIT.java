package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.swap.BundleCopy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A stock client in the network of a Linux bridge, while core is exchanged, and after it was killed. */
@RequiresRoot
class LinuxBridgeIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String HOST = "10.7.7.1";

    /** The interface's number and address: {@code 12 02:...}. */
    private static String tap(Lab lab) {
        return lab.server.exec("ip", "-o", "link", "show", "culverttap0")
                .ok()
                .replaceAll("(?s)^(\\d+):.*link/ether (\\S+).*", "$1 $2");
    }

    private static void goesOn(Proc ping) {
        int from = ping.lineCount();
        for (int i = 0; i < 3; i++) {
            ping.await("bytes from", from + i, SOON);
        }
    }

    @Test
    void shouldKeepAClientInTheBridgedNetwork() {
        try (var lab = Lab.open("linux-bridge", 1)) {
            for (String command : List.of(
                    "ip link add br7 type bridge", "ip addr add " + HOST + "/24 dev br7", "ip link set br7 up")) {
                lab.server.exec(command.split(" ")).ok();
            }
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "tapBridge: br7"),
                    List.of("lan: { transport: udp, port: 1194, dev: tap }"),
                    "net.ethernet");
            appliance.up("--allow-unsigned");
            appliance.cli("user", "add", "alice").ok();
            Netns host = lab.client(1);
            String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            try (var client = OpenVpnClient.start(lab, host, "alice", profile).awaitConnected()) {
                assertFalse(client.line("PUSH_REPLY.*").contains("ifconfig"), "addresses are the network's own affair");
                host.exec("ip", "addr", "add", "10.7.7.2/24", "dev", "tap0").ok();
                host.exec("ip", "link", "set", "tap0", "up").ok();
                Proc ping = host.start("ping", List.of("ping", "-n", "-i", "0.1", HOST));
                ping.await("icmp_seq=\\d+ ", SOON);

                String before = tap(lab);
                var core = BundleCopy.of("core").version("0.1.7").to(lab.directory().resolve("core-0.1.7.jar"));
                appliance.cli("module", "update", "core", core.toString(), "--watch", "0").ok();
                goesOn(ping);
                assertEquals(before, tap(lab), "the next core has the same device");

                appliance.kill9();
                appliance.up("--allow-unsigned");
                goesOn(ping);
                String after = tap(lab);
                assertNotEquals(number(before), number(after), "another device");
                assertEquals(address(before), address(after), "with the same address: hosts remember it");
                assertTrue(
                        lab.server.exec("ip", "link", "show", "master", "br7").ok().contains("culverttap0"),
                        "a port of the bridge again");
                assertEquals(1, client.connectionAttempts(), "the client never connected anew");
            }
        }
    }

    private static String number(String tap) {
        return tap.substring(0, tap.indexOf(' '));
    }

    private static String address(String tap) {
        return tap.substring(tap.indexOf(' ') + 1).strip();
    }
}
