package io.culvert.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What looks at an appliance and changes nothing. */
final class LookCommands {
    private LookCommands() {}

    @Command(name = "status", description = "Show every part's health and counters.")
    static final class StatusCommand implements Runnable {
        @ParentCommand
        Main main;

        @Override
        public void run() {
            main.print(main.client().call("status", Map.of()));
        }
    }

    @Command(name = "sessions", description = "List the sessions.")
    static final class SessionsCommand implements Runnable {
        /** What fits a terminal; {@code --json} has everything. */
        private static final List<String> COLUMNS = List.of(
                "id", "user", "instance", "transport", "remote", "addresses", "since", "bytesIn", "bytesOut", "state");

        @ParentCommand
        Main main;

        @Override
        public void run() {
            Object answer = main.client().call("sessions", Map.of());
            if (Text.rows(answer).map(List::isEmpty).orElse(false)) {
                main.print(answer, "no sessions");
            } else {
                main.print(main.json ? answer : Text.only(COLUMNS, answer));
            }
        }
    }

    @Command(name = "logs", description = "Show the newest log entries.")
    static final class LogsCommand implements Runnable {
        @ParentCommand
        Main main;

        @Option(names = "-n", paramLabel = "N", description = "How many; ${DEFAULT-VALUE} unless told.")
        int lines = 50;

        @Option(
                names = {"-f", "--follow"},
                description = "Go on with new entries as they come.")
        boolean follow;

        @Option(names = "--level", paramLabel = "LEVEL", description = "error, warn, info, debug or trace; and worse.")
        String level = "";

        @Override
        public void run() {
            var arguments = new LinkedHashMap<String, Object>();
            arguments.put("lines", lines);
            arguments.put("follow", follow);
            if (!level.isEmpty()) {
                arguments.put("level", level);
            }
            Object answer = main.client().call("logs", arguments, this::entry);
            if (!follow && main.json) {
                main.print(answer);
            } else if (!follow && answer instanceof List<?> entries) {
                entries.forEach(this::entry);
            }
        }

        private void entry(Object entry) {
            if (entry instanceof Map<?, ?> map) {
                main.print(main.json ? entry : Text.logLine(map));
            }
        }
    }

    @Command(name = "doctor", description = "Check the host, and say how to mend what is wrong.")
    static final class DoctorCommand implements Runnable {
        @ParentCommand
        Main main;

        @Override
        public void run() {
            List<Map<String, Object>> findings = new ArrayList<>(HostCheck.ofGateway());
            unsigned().ifPresent(findings::add);
            bridge().ifPresent(findings::add);
            main.print(findings);
            long bad = findings.stream().filter(HostCheck::fails).count();
            if (bad > 0) {
                throw new Failure("this host cannot run culvert as it is: " + bad + " of " + findings.size()
                        + " checks fail, see their remedies above");
            }
        }

        /** What a running appliance lacks for listeners that carry Ethernet frames. */
        private Optional<Map<String, Object>> bridge() {
            try {
                if (main.client().call("status", Map.of()) instanceof Map<?, ?> status
                        && status.get("core") instanceof Map<?, ?> core
                        && core.get("bridge") instanceof Map<?, ?> bridge
                        && bridge.get("problem") instanceof String problem) {
                    return Optional.of(HostCheck.advice("ethernet", problem, String.valueOf(bridge.get("remedy"))));
                }
                return Optional.empty();
            } catch (Failure notRunning) {
                return Optional.empty();
            }
        }

        /** What a running appliance says of modules that it did not start, or that nobody signed. */
        private Optional<Map<String, Object>> unsigned() {
            try {
                if (main.client().call("status", Map.of()) instanceof Map<?, ?> status
                        && status.get("trust") instanceof Map<?, ?> trust) {
                    if (trust.get("passedOver") instanceof String jars) {
                        return Optional.of(HostCheck.advice(
                                "signatures", "passed over at the start: " + jars,
                                "install these modules again, or trust the key: culvert module trust"));
                    }
                    if (trust.get("problem") instanceof String problem) {
                        return Optional.of(HostCheck.advice("signatures", problem, "start without --allow-unsigned"));
                    }
                }
                return Optional.empty();
            } catch (Failure notRunning) {
                return Optional.empty();
            }
        }
    }

    @Command(
            name = "drain",
            description = {
                "Tell load balancers to send new clients elsewhere; the sessions go on.",
                "It is what /health/ready and /health/draining answer, until --off or the next start."
            })
    static final class DrainCommand implements Runnable {
        @ParentCommand
        Main main;

        @Option(names = "--off", description = "Let new clients come again.")
        boolean off;

        @Override
        public void run() {
            main.print(main.client().call("drain", Map.of("off", off)), off ? "not draining" : "draining");
        }
    }
}
