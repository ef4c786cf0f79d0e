package io.culvert.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.network.Prefix;
import io.culvert.core.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostNetworkTest {
    private static final Path IPV4 = Path.of("/proc/sys/net/ipv4/ip_forward");
    private static final Path IPV6 = Path.of("/proc/sys/net/ipv6/conf/all/forwarding");
    private static final HostNetwork.Settings BOTH = settings(true, true);

    @TempDir
    Path run;

    @Test
    void shouldForwardAndMasqueradeAndTakeAllBack() throws Exception {
        inNamespace(() -> {
            String before = everything();
            try (var network = HostNetwork.apply(run, BOTH)) {
                assertEquals("1", value(IPV4));
                assertEquals("1", value(IPV6));
                String table = NetworkNamespace.run("nft", "list", "table", "inet", "culvert");
                assertTrue(table.contains("ip saddr 10.8.0.0/24 oifname != \"culvert0\" masquerade"), table);
                assertTrue(table.contains("ip6 saddr fd00:8::/64 oifname != \"culvert0\" masquerade"), table);
                assertTrue(table.contains("iifname \"culvert0\" accept"), table);
                Path file = run.resolve("host-state");
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
                network.close();
                assertFalse(Files.exists(file));
            }
            assertEquals(before, everything());
        });
    }

    @Test
    void shouldTakeBackWhatASuddenEndLeft() throws Exception {
        inNamespace(() -> {
            NetworkNamespace.run("nft", "add", "table", "inet", "other");
            String before = everything();
            leave(HostNetwork.apply(run, BOTH));
            assertTrue(HostNetwork.recover(run));
            assertEquals(before, everything());
            assertFalse(HostNetwork.recover(run));

            leave(HostNetwork.apply(run, BOTH));
            HostNetwork.apply(run, settings(true, false)).close();
            assertEquals(before, everything());
        });
    }

    @Test
    void shouldTakeOverWhatIsWantedAgain() throws Exception {
        inNamespace(() -> {
            String before = everything();
            HostNetwork.apply(run, BOTH).leave();
            String kept = everything();
            var next = HostNetwork.apply(run, BOTH);
            assertEquals(kept, everything(), "the same table under the same mark");
            next.close();
            assertEquals(before, everything());
        });
    }

    @Test
    void shouldKeepWhatWasOnBefore() throws Exception {
        inNamespace(() -> {
            Files.writeString(IPV4, "1");
            HostNetwork.apply(run, BOTH).close();
            assertEquals("1", value(IPV4));
            assertEquals("0", value(IPV6));
        });
    }

    @Test
    void shouldKeepWhatSomeoneElseChangedMeanwhile() throws Exception {
        inNamespace(() -> {
            var network = HostNetwork.apply(run, BOTH);
            Files.writeString(IPV6, "0");
            NetworkNamespace.run("nft", "delete", "table", "inet", "culvert");
            NetworkNamespace.run("nft", "add", "table", "inet", "culvert");
            network.close();
            assertEquals("0", value(IPV6));
            assertEquals("0", value(IPV4));
            assertTrue(NetworkNamespace.run("nft", "list", "tables").contains("table inet culvert"));
        });
    }

    @Test
    void shouldRestoreWhatTheSwitchesSetAlong() throws Exception {
        inNamespace(() -> {
            NetworkNamespace.run("ip", "tuntap", "add", "d0", "mode", "tun");
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf/d0/forwarding"), "1");
            Files.writeString(Path.of("/proc/sys/net/ipv6/conf/d0/forwarding"), "1");
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf/all/accept_redirects"), "0");
            String before = everything();
            var network = HostNetwork.apply(run, BOTH);
            assertEquals("2", value(Path.of("/proc/sys/net/ipv6/conf/d0/accept_ra")));
            network.close();
            assertEquals(before, everything());

            leave(HostNetwork.apply(run, BOTH));
            NetworkNamespace.run("ip", "link", "delete", "d0");
            assertTrue(HostNetwork.recover(run));
        });
    }

    @Test
    void shouldFinishWhatAStopLeftHalfUndone() throws Exception {
        inNamespace(() -> {
            NetworkNamespace.run("ip", "tuntap", "add", "d0", "mode", "tun");
            Path interfaceSwitch = Path.of("/proc/sys/net/ipv4/conf/d0/forwarding");
            Files.writeString(interfaceSwitch, "1");
            String before = everything();
            HostNetwork.apply(run, BOTH);
            Path file = run.resolve("host-state");
            Files.writeString(file, Files.readString(file).replace("set net/ipv4/ip_forward", "undo net/ipv4/ip_forward"));
            Files.writeString(IPV4, "0");
            assertEquals("0", value(interfaceSwitch));
            assertTrue(HostNetwork.recover(run));
            assertEquals(before, everything());
        });
    }

    @Test
    void shouldRefuseATableThatIsNotOurs() throws Exception {
        inNamespace(() -> {
            NetworkNamespace.run("nft", "add", "table", "inet", "culvert");
            String before = everything();
            var failure = assertThrows(HostException.class, () -> HostNetwork.apply(run, BOTH));
            assertTrue(failure.remedy().contains("nft delete table inet culvert"), failure.remedy());
            assertEquals(before, everything());
            assertFalse(Files.exists(run.resolve("host-state")));
        });
    }

    @Test
    void shouldTakeAllBackWhenNftRefuses() throws Exception {
        inNamespace(() -> {
            String before = everything();
            var bad = new HostNetwork.Settings(
                    "bad\"name", Optional.of(Prefix.parse("10.8.0.0/24")), Optional.empty(), true, true);
            assertThrows(HostException.class, () -> HostNetwork.apply(run, bad));
            assertEquals(before, everything());
            assertFalse(Files.exists(run.resolve("host-state")));
        });
    }

    @Test
    void shouldSayThatNftIsMissing() {
        var failure = assertThrows(
                HostException.class,
                () -> HostNetwork.apply(run, BOTH, new Sysctls(run.resolve("sys")), Optional.empty()));
        assertTrue(failure.remedy().contains("install nftables"), failure.remedy());
    }

    @Test
    void shouldForgetTheStateOfAnEarlierBoot() throws Exception {
        Path forward = fakeSwitch("1");
        Files.writeString(
                run.resolve("host-state"),
                "culvert host-state 1\nboot other\nnamespace net:[1]\nset net/ipv4/ip_forward 0 1\nend\n");
        HostNetwork.apply(run, settings(false, false), new Sysctls(run.resolve("sys")), Optional.empty()).close();
        assertEquals("1", value(forward));
        assertFalse(Files.exists(run.resolve("host-state")));
    }

    @Test
    void shouldRefuseADamagedState() throws Exception {
        String[] damaged = {
            "", "x\n", "culvert host-state 1\nboot a\nnamespace b\nset net/ipv4/ip_forward 0 1\n",
            "culvert host-state 1\nboot a\nnamespace b\nset net/../kernel/core_pattern 0 1\nend\n",
            "culvert host-state 1\nboot a\nnamespace b\nset kernel/core_pattern 0 1\nend\n",
            "culvert host-state 1\nboot a\nnamespace b\nwith net/a 0 1\nend\n",
        };
        for (String text : damaged) {
            Files.writeString(run.resolve("host-state"), text);
            var failure = assertThrows(HostException.class, () -> HostNetwork.recover(run), text);
            assertTrue(failure.getMessage().contains("host-state"), failure.getMessage());
        }
    }

    @Test
    void shouldChangeNothingWhenNothingIsWanted() throws Exception {
        HostNetwork.apply(run, settings(false, false), new Sysctls(run.resolve("sys")), Optional.empty()).close();
        assertFalse(Files.exists(run.resolve("host-state")));
    }

    private Path fakeSwitch(String value) throws IOException {
        Path file = run.resolve("sys/net/ipv4/ip_forward");
        Files.createDirectories(file.getParent());
        return Files.writeString(file, value);
    }

    /** As kill -9 does. */
    private static void leave(HostNetwork network) {
        assertTrue(network.toString() != null);
    }

    private static HostNetwork.Settings settings(boolean forwarding, boolean masquerade) {
        return new HostNetwork.Settings(
                "culvert0",
                Optional.of(Prefix.parse("10.8.0.0/24")),
                Optional.of(Prefix.parse("fd00:8::/64")),
                forwarding,
                masquerade);
    }

    private static String everything() throws Exception {
        String sysctls = NetworkNamespace.run(
                "sh", "-c", "grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/ip_forward"
                        + " | grep -v stable_secret | sort");
        assertTrue(sysctls.contains("ip_forward:"), sysctls);
        return sysctls + NetworkNamespace.run("nft", "list", "ruleset");
    }

    private static String value(Path path) throws IOException {
        return Files.readString(path).strip();
    }

    private interface Body {
        void run() throws Exception;
    }

    private static void inNamespace(Body body) throws Exception {
        Assumptions.assumeTrue(Nft.find().isPresent(), "needs nft");
        NetworkNamespace.call(() -> {
            body.run();
            return null;
        });
    }
}
