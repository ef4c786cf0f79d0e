package io.culvert.launcher;

import java.net.URISyntaxException;
import java.nio.file.Files;
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
            Path bundles = bundles();
            System.setProperty("culvert.distribution", bundles.resolveSibling(".").normalize().toString());
            System.setProperty("culvert.allow.unsigned", Boolean.toString(allowUnsigned));
            if (allowUnsigned) {
                System.err.println("culvert: UNSIGNED MODULES ARE ALLOWED; not for production");
            }
            new Up(main.home(), bundles, System.out).run(keep);
        }

        /** The bundles lie beside the launcher's jar. */
        private static Path bundles() {
            try {
                var jar = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
                var directory = jar.resolveSibling("bundles");
                if (!Files.isDirectory(directory)) {
                    throw new Failure("no bundles in " + directory + "; build them with: mvn -DskipTests package");
                }
                return directory;
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
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
