package io.culvert.launcher;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs the appliance in the foreground, from the first look at the host to the last bundle's stop. */
final class Up {
    private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

    private final HomeDirectory home;
    private final Path bundles;
    private final PrintStream out;
    private volatile int status;

    /** Held until the process ends; a lock that nobody refers to is given up. */
    private @Nullable FileLock lock;

    /** @param bundles the directory that {@link Container} reads */
    Up(HomeDirectory home, Path bundles, PrintStream out) {
        this.home = home;
        this.bundles = bundles;
        this.out = out;
    }

    /**
     * Returns when the appliance has stopped; a signal ends the process instead, in good order.
     *
     * @param keep whether a stop keeps the sessions for the next start
     */
    void run(boolean keep) {
        home.create();
        lock = home.lock();
        new Restored(home).finish();
        home.create();
        System.setProperty("culvert.home", home.path().toString());
        System.setProperty("culvert.keep", Boolean.toString(keep));
        if (home.writeDefaultSettings(DefaultSettings.text(new SecureRandom()))) {
            out.println("first run: wrote " + home.settings());
        }
        HostCheck.beforeStart();
        var container = new Container(home, bundles);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> shutdown(container), "culvert-stop"));
        try {
            container.start();
            announce(ready(container));
            sayCode();
        } catch (Failure failure) {
            status = failure.status();
            throw failure;
        }
        ServiceNotice.send("READY=1", System.getenv());
        // Gives back to the host what only the start needed; with the start script's flags the heap shrinks.
        System.gc();
        try {
            container.await();
            if (new Restored(home).waits()) {
                out.println("starting again with what was restored");
                out.flush();
                Again.run();
                // A supervisor starts it then.
                status = Failure.REFUSED;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Object ready(Container container) {
        try {
            return new ControlClient(home).call("ready", Map.of());
        } catch (Failure failure) {
            List<String> causes = container.failures();
            if (failure.status() == Failure.NOT_RUNNING && !causes.isEmpty()) {
                throw new Failure(String.join("\n", causes));
            }
            throw failure.status() == Failure.NOT_RUNNING
                    ? new Failure("the control bundle did not start")
                    : failure;
        }
    }

    private void announce(Object answer) {
        if (answer instanceof Map<?, ?> map && map.get("listeners") instanceof List<?> listeners) {
            for (Object each : listeners) {
                if (each instanceof Map<?, ?> listener) {
                    out.println("listening on " + endpoint(listener) + " (" + listener.get("instance") + ")");
                }
            }
        }
        out.println("ready in " + sinceStart().toMillis() + " ms");
        out.flush();
    }

    /** Nobody has claimed the console yet: whoever reads this terminal may. */
    private void sayCode() {
        try {
            String line = ConsoleCommands.said(new ControlClient(home).call("setup code", Map.of()));
            if (!line.isEmpty()) {
                out.println(line);
                out.flush();
            }
        } catch (Failure e) {
            // There is no console.
        }
    }

    private static String endpoint(Map<?, ?> listener) {
        // Java writes the address for all addresses in full, and nobody else does.
        String address = String.valueOf(listener.get("address")).replace("0:0:0:0:0:0:0:0", "::");
        return listener.get("transport") + " " + (address.contains(":") ? "[" + address + "]" : address) + ":"
                + listener.get("port");
    }

    /** Since the virtual machine began; the process began with the start script. */
    private static Duration sinceStart() {
        long nowMs = System.currentTimeMillis();
        return Duration.ofMillis(nowMs - ManagementFactory.getRuntimeMXBean().getStartTime());
    }

    /** Runs at every end of the process, and decides its status: a stop that was asked for is no failure. */
    private void shutdown(Container container) {
        if (!container.stop(STOP_LIMIT)) {
            System.err.println("culvert: not all parts stopped within " + STOP_LIMIT.toSeconds() + " s");
        }
        out.flush();
        Runtime.getRuntime().halt(status);
    }
}
