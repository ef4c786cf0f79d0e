package io.culvert.it.distribution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The archive runs with the Java runtime inside it; the package installs, runs under its own user with no more than its
 * two capabilities, upgrades without losing anything and purges without a trace. The package is installed into an
 * overlay over this host's file system, so that the host stays as it is.
 */
@RequiresRoot
class DistributionIT {
    private static final Duration LONG = Duration.ofSeconds(120);
    private static final String INSTALLED = "/usr/lib/culvert/launcher/culvert";
    /** The unit's user and capabilities, without systemd. */
    private static final List<String> AS_SERVICE = List.of(
            "setpriv", "--reuid", "culvert", "--regid", "culvert", "--clear-groups", "--no-new-privs",
            "--bounding-set", "-all,+net_admin,+net_bind_service",
            "--inh-caps", "-all,+net_admin,+net_bind_service",
            "--ambient-caps", "-all,+net_admin,+net_bind_service");

    @Test
    void shouldRunFromTheArchiveWithoutAnotherJava() throws Exception {
        try (var lab = Lab.open("archive", 1)) {
            lab.server.exec(LONG, "tar", "-xzf", built("culvert-.*-linux-.*\\.tar\\.gz").toString(),
                    "-C", lab.directory().toString()).ok();
            Path unpacked = find(lab.directory(), "culvert-.*-linux-.*");
            var appliance = lab.with(new Appliance(
                    lab.server,
                    lab.directory().resolve("home"),
                    List.of("env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", unpacked.resolve("launcher/culvert").toString())));
            appliance.configure(List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"));
            var up = appliance.up();
            assertTrue(
                    lab.server.exec("readlink", "/proc/" + up.pid() + "/exe").ok().startsWith(unpacked.resolve("runtime").toString()),
                    // The script and everything before it becomes Java, by exec.
                    "the runtime inside is the one that runs");
            connect(lab, appliance, "archive");
            assertEquals(0, appliance.stop().exit());
        }
    }

    @Test
    void shouldInstallRunUpgradeAndPurgeAsADebianPackage() throws Exception {
        Path deb = built("culvert_.*\\.deb");
        try (var lab = Lab.open("deb", 1);
                var root = new Overlay(lab)) {
            Files.copy(deb, root.path("/tmp/culvert.deb"));
            String before = root.files();
            root.run("dpkg", "--install", "/tmp/culvert.deb");
            if (Files.isExecutable(Path.of("/usr/bin/systemd-analyze"))) {
                root.run("systemd-analyze", "verify", "/lib/systemd/system/culvert.service");
            } else {
                System.out.println("SKIPPED in " + getClass().getName() + ": no systemd-analyze to read the unit with");
            }
            assertTrue(root.run("stat", "-c", "%U %a", "/var/lib/culvert").contains("culvert 700"));
            assertTrue(root.run("culvert", "--help").contains("user"));

            var command = new ArrayList<>(root.enter());
            command.addAll(AS_SERVICE);
            command.add(INSTALLED);
            var appliance = lab.with(new Appliance(lab.server, Path.of("/var/lib/culvert"), command));
            root.write("/etc/culvert/culvert.yaml", yaml());
            root.run("chown", "culvert:culvert", "/etc/culvert/culvert.yaml");
            appliance.up();
            connect(lab, appliance, "deb");
            appliance.cli("stop", "--keep").ok();
            assertEquals(0, appliance.process().join(Duration.ofSeconds(10)).exit());

            root.run("dpkg", "--install", "/tmp/culvert.deb");
            appliance.up();
            assertTrue(appliance.cli("user", "list").ok().contains("alice"), "an upgrade keeps users");
            assertEquals(0, appliance.stop().exit());

            root.run("dpkg", "--purge", "culvert");
            assertEquals(before, root.files(), "nothing is left");
            assertFalse(root.run("getent", "passwd").contains("culvert"));
        }
    }

    private static void connect(Lab lab, Appliance appliance, String label) {
        appliance.cli("user", "add", "alice").ok();
        String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
        try (var client = OpenVpnClient.start(lab, lab.client(1), label, profile)) {
            client.awaitConnected();
            assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
        }
    }

    private static String yaml() {
        return """
                modules:
                  core: { ipv4: 10.8.0.0/24, ipv6: "fd08::/64", redirectGateway: false }
                  store.local: {}
                  pki: {}
                  tls.jsse: {}
                  tls.openssl: {}
                  crypto.jce: {}
                  crypto.openssl: {}
                  net.ipv4: {}
                  net.ipv6: {}
                  auth.file: {}
                  log.console: {}
                  tunnel.openvpn:
                    udp: { transport: udp, port: 1194 }
                """;
    }

    private static Path built(String name) throws IOException {
        return find(Path.of(System.getProperty("culvert.checkout"), "distribution", "target"), name);
    }

    private static Path find(Path directory, String name) throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(f -> f.getFileName().toString().matches(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + name + " in " + directory))
                    .toRealPath();
        }
    }

    /** This host's file system with everything written to it kept apart, to be entered by chroot. */
    private static final class Overlay implements AutoCloseable {
        private final Lab lab;
        private final Path top;
        private final Path root;

        Overlay(Lab lab) throws IOException {
            this.lab = lab;
            this.top = lab.directory().resolve("overlay");
            this.root = top.resolve("root");
            Files.createDirectories(top);
            host("mount", "-t", "tmpfs", "tmpfs", top.toString());
            for (var directory : List.of("upper", "work", "root")) {
                Files.createDirectories(top.resolve(directory));
            }
            host("mount", "-t", "overlay", "overlay", "-o",
                    "lowerdir=/,upperdir=" + top.resolve("upper") + ",workdir=" + top.resolve("work"), root.toString());
            host("mount", "--rbind", "/proc", path("/proc").toString());
            // The devices as udev makes them on Debian: everybody may open the TUN, attaching needs the capability.
            host("mount", "-t", "tmpfs", "tmpfs", path("/dev").toString());
            Files.createDirectories(path("/dev/net"));
            device("/dev/net/tun", 10, 200);
            device("/dev/null", 1, 3);
            device("/dev/random", 1, 8);
            device("/dev/urandom", 1, 9);
        }

        private void device(String name, int major, int minor) {
            host("mknod", "-m", "0666", path(name).toString(), "c", "" + major, "" + minor);
        }

        private void host(String... command) {
            try (var proc = Proc.start(command[0], lab.directory().resolve("overlay-" + System.nanoTime() + ".log"), List.of(command))) {
                proc.join(LONG).ok();
            }
        }

        Path path(String inside) {
            return root.resolve(inside.substring(1));
        }

        List<String> enter() {
            return List.of("chroot", root.toString());
        }

        String run(String... command) {
            var all = new ArrayList<>(enter());
            all.addAll(List.of(command));
            return lab.server.exec(LONG, all.toArray(String[]::new)).ok();
        }

        void write(String inside, String text) throws IOException {
            Files.writeString(path(inside), text);
        }

        /** Paths that could be the package's. */
        String files() {
            return run("sh", "-c", "ls -d /usr/lib/culvert /var/lib/culvert /etc/culvert /usr/bin/culvert"
                    + " /lib/systemd/system/culvert* /usr/share/doc/culvert 2>/dev/null; true");
        }

        @Override
        public void close() {
            host("umount", "--recursive", "--lazy", root.toString());
            host("umount", "--lazy", top.toString());
        }
    }
}
