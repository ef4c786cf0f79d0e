package io.culvert.core.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The program nft(8). Each script is one transaction: all of it, or nothing. */
final class Nft {
    private static final long TIMEOUT_S = 20;
    private static final int OUTPUT_LIMIT = 4 * 1024 * 1024;

    private final String program;

    Nft(Path program) {
        this.program = program.toString();
    }

    /** As the shell finds it, and where distributions put it when PATH lacks the administrator's directories. */
    static Optional<Nft> find() {
        var directories = new ArrayList<String>(List.of(
                Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")));
        directories.addAll(List.of("/usr/sbin", "/sbin", "/usr/local/sbin"));
        return directories.stream()
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, "nft"))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Nft::new);
    }

    void run(String script) throws IOException {
        call(script, "-f", "-");
    }

    /** The text of a table of the inet family; empty when there is none. */
    Optional<String> table(String name) throws IOException {
        boolean there = call("", "list", "tables", "inet").lines().anyMatch(("table inet " + name)::equals);
        return there ? Optional.of(call("", "list", "table", "inet", name)) : Optional.empty();
    }

    /** All chains of all tables, without their rules. */
    String chains() throws IOException {
        return call("", "list", "chains");
    }

    private String call(String input, String... arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(program);
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new HostException("cannot run " + program + " (" + e.getMessage() + ")", "install nftables", e);
        }
        try {
            // Scripts are far smaller than a pipe, so that writing all before reading cannot block.
            try (OutputStream stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It ended without reading: its exit value and its words tell why.
            }
            // A hanging nft is ended from beside, which ends the read too.
            process.onExit().orTimeout(TIMEOUT_S, TimeUnit.SECONDS).exceptionally(late -> {
                process.destroyForcibly();
                return process;
            });
            String output = new String(process.getInputStream().readNBytes(OUTPUT_LIMIT), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            if (exit != 0) {
                throw new HostException(
                        "nft " + String.join(" ", arguments) + " failed with status " + exit + ": "
                                + output.strip().replace("\n", " | "),
                        "run as root or with CAP_NET_ADMIN, on a kernel with nf_tables and its nat and masq modules; "
                                + "or set core.masquerade to false and translate addresses elsewhere");
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for nft", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
