package io.culvert.auth.radius;

import io.culvert.testsupport.Eventually;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A real freeradius on loopback, with configuration and ports of its own. */
final class FreeRadiusServer implements AutoCloseable {
    static final String SECRET = "a-secret-of-two";
    private static final Path PROGRAM = Path.of("/usr/sbin/freeradius");
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    final int port = freePort();
    final int accountingPort = freePort();
    private final Path directory;
    private @Nullable Process process;

    private FreeRadiusServer(Path directory) {
        this.directory = directory;
    }

    static boolean isInstalled() {
        return Files.isExecutable(PROGRAM);
    }

    static FreeRadiusServer start(Path directory) throws IOException {
        var server = new FreeRadiusServer(directory);
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("users"), """
                alice Cleartext-Password := "wonderland"
                      Filter-Id = "staff", Framed-IP-Address = 10.8.0.77, Class = 0x636c617373
                bob   Cleartext-Password := "builder"
                """);
        Files.writeString(directory.resolve("radiusd.conf"), """
                libdir = /usr/lib/freeradius
                run_dir = %1$s
                pidfile = %1$s/pid
                client local {
                    ipaddr = 127.0.0.1
                    secret = %4$s
                    require_message_authenticator = yes
                }
                modules {
                    always reject {
                        rcode = reject
                    }
                    always handled {
                        rcode = handled
                    }
                    pap {
                    }
                    mschap {
                    }
                    files {
                        usersfile = %1$s/users
                    }
                    detail {
                        filename = %1$s/detail
                    }
                }
                server default {
                    listen {
                        type = auth
                        ipaddr = 127.0.0.1
                        port = %2$d
                    }
                    listen {
                        type = acct
                        ipaddr = 127.0.0.1
                        port = %3$d
                    }
                    authorize {
                        update reply {
                            Message-Authenticator := 0x00000000000000000000000000000000
                        }
                        if (&User-Name == "carol") {
                            if (&State) {
                                if (&User-Password == "4711") {
                                    update control { Auth-Type := Accept }
                                } else {
                                    reject
                                }
                            } elsif (&User-Password == "looking-glass") {
                                update control { Response-Packet-Type := Access-Challenge }
                                update reply {
                                    Reply-Message := "Your code?"
                                    Prompt := Echo
                                    State := 0x01020304
                                }
                                handled
                            } else {
                                reject
                            }
                        } else {
                            mschap
                            files
                            pap
                        }
                    }
                    authenticate {
                        Auth-Type PAP {
                            pap
                        }
                        Auth-Type MS-CHAP {
                            mschap
                        }
                    }
                    accounting {
                        detail
                    }
                }
                """.formatted(directory, server.port, server.accountingPort, SECRET));
        server.start();
        return server;
    }

    /** Starts it again where it was. */
    void start() throws IOException {
        process = new ProcessBuilder(
                        PROGRAM.toString(), "-f", "-d", directory.toString(), "-D", "/usr/share/freeradius", "-n",
                        "radiusd", "-l", directory.resolve("log").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("out").toFile()))
                .start();
        Eventually.await(
                DEADLINE,
                () -> "freeradius does not listen: " + read("log") + read("out"),
                () -> listens(port) && listens(accountingPort));
    }

    private static boolean listens(int port) throws IOException {
        String local = "0100007F:%04X ".formatted(port);
        try (var lines = Files.lines(Path.of("/proc/net/udp"))) {
            return lines.anyMatch(line -> line.toUpperCase(Locale.ROOT).contains(" " + local));
        }
    }

    /** Its accounting records. */
    String accounts() {
        return read("detail");
    }

    private String read(String name) {
        try {
            Path file = directory.resolve(name);
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return String.valueOf(e);
        }
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
            process = null;
        }
    }

    static int freePort() {
        try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process != null) {
            process.destroy();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            process = null;
        }
    }
}
