package io.culvert.auth.pam;

import io.culvert.api.auth.Credentials;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * Service files of our own for the real libpam, in a temporary directory: alice and bob in a Berkeley database that
 * pam_userdb reads, and a program that pam_exec runs.
 */
final class PamServices {
    private static final String ACCOUNT = "account required pam_permit.so\n";

    final Path directory;

    private PamServices(Path directory) {
        this.directory = directory;
    }

    static PamServices in(Path directory) throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/db_load")), "db-util is not installed");
        var services = new PamServices(directory);
        services.database("users", "alice\nopen sesame\nbob\nbobs\n");
        services.database("pins", "alice\n4711\n");
        services.service("users", "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n" + ACCOUNT);
        services.service("two", "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n"
                + "auth required pam_userdb.so crypt=none db=" + directory.resolve("pins") + "\n" + ACCOUNT);
        services.service("three", "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n"
                + "auth required pam_userdb.so crypt=none db=" + directory.resolve("pins") + "\n"
                + "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n" + ACCOUNT);
        services.service("closed", "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n"
                + "account required pam_deny.so\n");
        services.service("broken", "auth required pam_there_is_none.so\n" + ACCOUNT);
        // The password on standard input ends with a zero.
        services.program("check", "[ \"$PAM_USER $PAM_RHOST $(tr -d '\\0')\" = \"alice 192.0.2.7 open sesame\" ]");
        services.program("hang", "touch " + directory.resolve("in-pam") + "; read line < " + directory.resolve("wait"));
        services.execute("mkfifo", directory.resolve("wait").toString());
        services.service("exec", "auth required pam_exec.so quiet expose_authtok " + directory.resolve("check") + "\n" + ACCOUNT);
        services.service("hanging", "auth [success=1 default=ignore] pam_succeed_if.so quiet user = alice\n"
                + "auth required pam_exec.so quiet " + directory.resolve("hang") + "\n"
                + "auth required pam_userdb.so crypt=none db=" + directory.resolve("users") + "\n" + ACCOUNT);
        return services;
    }

    private void service(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private void program(String name, String text) throws IOException {
        Path program = directory.resolve(name);
        Files.writeString(program, "#!/bin/sh\n" + text + "\n");
        program.toFile().setExecutable(true);
    }

    /** Lines of names and passwords in turn. */
    private void database(String name, String lines) throws IOException, InterruptedException {
        Path text = directory.resolve(name + ".txt");
        Files.writeString(text, lines);
        execute("db_load", "-T", "-t", "hash", "-f", text.toString(), directory.resolve(name + ".db").toString());
    }

    private void execute(String... line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", line) + ": " + said);
        }
    }

    static Credentials login(String user, String password) {
        return new Credentials(
                "openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(),
                new InetSocketAddress("192.0.2.7", 1), Map.of());
    }
}
