package io.culvert.launcher;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Start and stop. */
final class RunCommands {
    private RunCommands() {}

    @Command(name = "up", description = "Run the appliance in the foreground.")
    static final class UpCommand implements Runnable {
        @ParentCommand
        Main main;

        @Option(names = "--keep", description = "When it is stopped, keep the sessions for the next start.")
        boolean keep;

        @Option(
                names = "--allow-unsigned",
                description = "For development only: modules may run that are not signed, or by an unknown key.")
        boolean allowUnsigned;

        @Override
        public void run() {
            Path bundles = Distribution.bundles();
            System.setProperty("culvert.distribution", Distribution.directory().toString());
            System.setProperty("culvert.allow.unsigned", Boolean.toString(allowUnsigned));
            if (allowUnsigned) {
                System.err.println("culvert: UNSIGNED MODULES ARE ALLOWED; not for production");
            }
            new Up(main.home(), bundles, System.out).run(keep);
        }
    }

    @Command(name = "stop", description = "Stop the appliance.")
    static final class StopCommand implements Runnable {
        private static final Duration LIMIT = Duration.ofSeconds(15);
        private static final Duration PAUSE = Duration.ofMillis(20);

        @ParentCommand
        Main main;

        @Option(names = "--keep", description = "Keep the sessions for the next start.")
        boolean keep;

        @Override
        public void run() {
            Object answer = main.client().call("stop", Map.of("keep", keep));
            awaitEnd(main.home());
            main.print(answer, "stopped");
        }

        private static void awaitEnd(HomeDirectory home) {
            long deadlineNs = System.nanoTime() + LIMIT.toNanos();
            while (home.locked()) {
                if (System.nanoTime() - deadlineNs > 0) {
                    throw new Failure("still running after " + LIMIT.toSeconds() + " s; see " + home.path()
                            + "/var/log/culvert.log");
                }
                try {
                    Thread.sleep(PAUSE);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }
}
