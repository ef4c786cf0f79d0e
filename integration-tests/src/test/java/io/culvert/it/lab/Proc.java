package io.culvert.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running program whose output can be waited for; the output is kept in a file as well. */
public final class Proc implements AutoCloseable {
    /** How a program ended. */
    public record Result(int exit, String output) {
        /** The output, or a failure that shows it. */
        public String ok() {
            if (exit != 0) {
                throw new AssertionError("exit status " + exit + ":\n" + output);
            }
            return output;
        }
    }

    private final String name;
    private final Process process;
    private final Thread reader;
    private final List<String> lines = new ArrayList<>();
    private boolean ended;

    private Proc(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.reader = Thread.ofVirtual().start(() -> read(log));
    }

    /** Starts a program that finds the end of its input at once. */
    public static Proc start(String name, Path log, List<String> command) {
        var proc = startInteractive(name, log, command);
        try {
            proc.process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return proc;
    }

    /** Starts a program that is {@linkplain #send sent} lines. */
    public static Proc startInteractive(String name, Path log, List<String> command) {
        try {
            Files.createDirectories(log.getParent());
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().remove("JAVA_TOOL_OPTIONS");
            return new Proc(name, builder.start(), log);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
    }

    private void read(Path log) {
        try (BufferedReader in = process.inputReader();
                var out = Files.newBufferedWriter(log)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.write(line);
                out.newLine();
                out.flush();
                synchronized (lines) {
                    lines.add(line);
                    lines.notifyAll();
                }
            }
        } catch (IOException e) {
            // The pipe breaks when the process is killed: its end is what counts.
        } finally {
            synchronized (lines) {
                ended = true;
                lines.notifyAll();
            }
        }
    }

    /** Writes a line to the program's input. */
    public void send(String line) {
        try {
            var in = process.outputWriter();
            in.write(line);
            in.newLine();
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " takes no input", e);
        }
    }

    /** The first match of {@code pattern} in a line from number {@code fromLine} on; fails at the deadline. */
    public Matcher await(String pattern, int fromLine, Duration deadline) {
        var compiled = Pattern.compile(pattern);
        long until = System.nanoTime() + deadline.toNanos();
        synchronized (lines) {
            int next = fromLine;
            while (true) {
                for (; next < lines.size(); next++) {
                    var matcher = compiled.matcher(lines.get(next));
                    if (matcher.find()) {
                        return matcher;
                    }
                }
                long leftMs = (until - System.nanoTime()) / 1_000_000;
                if (ended || leftMs <= 0) {
                    throw new AssertionError(name + (ended ? " ended" : " ran out of time") + " before '" + pattern
                            + "' was seen; its output from line " + fromLine + ":\n"
                            + String.join("\n", lines.subList(fromLine, lines.size())));
                }
                try {
                    lines.wait(leftMs);
                } catch (InterruptedException e) {
                    throw new AssertionError("interrupted while waiting for " + name, e);
                }
            }
        }
    }

    public Matcher await(String pattern, Duration deadline) {
        return await(pattern, 0, deadline);
    }

    public List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    public int lineCount() {
        synchronized (lines) {
            return lines.size();
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Waits for the program's own end. */
    public Result join(Duration deadline) {
        try {
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(name + " did not end within " + deadline + ":\n" + String.join("\n", lines()));
            }
            reader.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for " + name, e);
        }
        return new Result(process.exitValue(), String.join("\n", lines()));
    }

    /** SIGTERM, and the end awaited. */
    public Result terminate(Duration deadline) {
        // Process.destroy would close the pipe as well, and with it lose what the program says at its end.
        process.toHandle().destroy();
        return join(deadline);
    }

    /** SIGKILL, and the end awaited. */
    public void kill9() {
        process.destroyForcibly();
        join(Duration.ofSeconds(60));
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            kill9();
        }
    }
}
