package io.culvert.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.host.HostChecks.Finding;
import io.culvert.core.host.HostChecks.Needs;
import io.culvert.core.tun.Offloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostChecksTest {
    @TempDir
    Path root;

    private Instant now = Instant.parse("2026-11-21T08:00:00Z");
    private Optional<Nft> nft = Optional.empty();

    @BeforeEach
    void makeAGoodHost() throws IOException {
        write("proc/self/status", "Name:\tjava\nCapEff:\t0000000000001000\n");
        write("proc/self/limits", "Limit   Soft Limit   Hard Limit   Units\nMax open files   1024   4096   files\n");
        write("proc/self/fd/0", "");
        write("proc/sys/net/ipv4/ip_forward", "0\n");
        write("proc/sys/net/ipv6/conf/all/forwarding", "1\n");
        write("dev/net/tun", "");
        nft = Optional.of(program("exit 0"));
    }

    @Test
    void shouldFindNothingWrongOnAGoodHost() {
        List<Finding> findings = look();
        assertTrue(findings.stream().allMatch(Finding::ok), findings.toString());
        assertEquals(7, findings.size());
    }

    @Test
    void shouldNameAMissingCapability() throws Exception {
        write("proc/self/status", "CapEff:\t0000000000000000\n");
        assertTrue(bad("capabilities").remedy().contains("NET_ADMIN"));
        Files.delete(root.resolve("proc/self/status"));
        assertFalse(bad("capabilities").remedy().isEmpty());
    }

    @Test
    void shouldNameAMissingTunDevice() throws Exception {
        Files.delete(root.resolve("dev/net/tun"));
        assertTrue(bad("tun device").remedy().contains("modprobe tun"));
    }

    @Test
    void shouldNameAMissingFamily() throws Exception {
        Files.delete(root.resolve("proc/sys/net/ipv6/conf/all/forwarding"));
        assertTrue(bad("IPv6 forwarding").problem().contains("net.ipv6.conf.all.forwarding"));
    }

    @Test
    void shouldNameMissingOrFailingNft() throws Exception {
        nft = Optional.empty();
        assertTrue(bad("nftables").remedy().contains("apt install nftables"));
        nft = Optional.of(program("echo no such thing; exit 1"));
        assertTrue(bad("nftables").problem().contains("no such thing"));
    }

    @Test
    void shouldAdviseOnAFirewallThatDropsWhatIsForwarded() throws Exception {
        nft = Optional.of(program("printf 'table ip filter {\\n\\tchain FORWARD {\\n\\t\\ttype filter hook forward "
                + "priority filter; policy drop;\\n\\t}\\n}\\n'"));
        Finding advice = look().stream().filter(f -> f.name().equals("firewall")).findFirst().orElseThrow();
        assertTrue(advice.ok() && advice.problem().contains("'ip filter'"), advice.problem());
        assertTrue(advice.toString().contains("iptables"), advice.toString());
    }

    @Test
    void shouldAdviseToInstallLibcrypto() {
        assertEquals("libcrypto: OpenSSL 3.9 can be loaded", HostChecks.libcrypto(Optional.of("OpenSSL 3.9")).toString());
        Finding missing = HostChecks.libcrypto(Optional.empty());
        assertTrue(missing.ok() && missing.remedy().contains("libssl3"), missing.toString());
    }

    @Test
    void shouldAdviseToInstallTheMultiBufferLibrary() {
        assertEquals(
                "libIPSec_MB: intel-ipsec-mb 1.3.0 can be loaded",
                checks().ipsecMb(Optional.of("intel-ipsec-mb 1.3.0")).toString());
        Finding missing = checks().ipsecMb(Optional.empty());
        assertTrue(missing.ok() && missing.remedy().contains("libipsec-mb1"), missing.toString());
    }

    @Test
    void shouldNotAdviseToInstallWhatIsNotValidatedWhereThatIsDemanded() throws Exception {
        write("proc/sys/crypto/fips_enabled", "0\n");
        assertFalse(checks().ipsecMb(Optional.empty()).remedy().isEmpty());
        write("proc/sys/crypto/fips_enabled", "1\n");
        for (var version : List.of(Optional.<String>empty(), Optional.of("intel-ipsec-mb 1.3.0"))) {
            Finding finding = checks().ipsecMb(version);
            assertTrue(finding.ok() && finding.problem().contains("FIPS 140"), finding.toString());
            assertEquals("", finding.remedy());
        }
    }

    @Test
    void shouldTakeAFipsModeThatCannotBeReadForADemand() throws Exception {
        Files.createDirectories(root.resolve("proc/sys/crypto/fips_enabled"));
        assertEquals("", checks().ipsecMb(Optional.empty()).remedy());
    }

    @Test
    void shouldLookForTheLibrariesOfThisProcessor() {
        List<String> names = HostChecks.libraries().stream().map(Finding::name).toList();
        assertEquals("libcrypto", names.getFirst());
        assertEquals(System.getProperty("os.arch").equals("amd64"), names.contains("libIPSec_MB"));
    }

    @Test
    void shouldAdviseOnAKernelWithoutOffloads() {
        assertEquals(
                "tun offloads: checksum, tso, uso",
                HostChecks.offloads(new Offloads(true, true, true, true)).toString());
        Finding older = HostChecks.offloads(new Offloads(true, true, true, false));
        assertTrue(older.ok() && older.problem().startsWith("checksum, tso: UDP"), older.toString());
        Finding none = HostChecks.offloads(Offloads.NONE);
        assertTrue(none.ok() && none.problem().startsWith("none: ") && !none.remedy().isEmpty(), none.toString());
        assertTrue(HostChecks.offloads().size() <= 1);
    }

    @Test
    void shouldNameAClockThatIsFarOff() {
        now = Instant.EPOCH;
        assertTrue(bad("time").problem().contains("1970"));
    }

    @Test
    void shouldNameALackOfDescriptors() throws Exception {
        write("proc/self/limits", "Max open files   100   4096   files\n");
        assertTrue(bad("file descriptors").remedy().contains("ulimit -n"));
    }

    @Test
    void shouldLookAtTheRealHostWithoutFailing() {
        assertTrue(HostChecks.run(Needs.ofGateway()).size() >= 6);
    }

    private Finding bad(String name) {
        List<Finding> found = look().stream().filter(finding -> !finding.ok()).toList();
        assertEquals(List.of(name), found.stream().map(Finding::name).toList(), found.toString());
        return found.getFirst();
    }

    private List<Finding> look() {
        return checks().findings(Needs.ofGateway());
    }

    private HostChecks checks() {
        return new HostChecks(root, Clock.fixed(now, ZoneOffset.UTC), nft);
    }

    private Nft program(String body) throws IOException {
        Path file = root.resolve("nft");
        write("nft", "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return new Nft(file);
    }

    private void write(String path, String text) throws IOException {
        Files.createDirectories(root.resolve(path).getParent());
        Files.writeString(root.resolve(path), text);
    }
}
