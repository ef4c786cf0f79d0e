package io.culvert.control.command;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.control.config.Settings;
import java.util.LinkedHashMap;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code ready} and {@code stop}. */
public final class SystemCommands {
    private static final Logger LOG = LoggerFactory.getLogger(SystemCommands.class);

    private final Settings settings;
    private final AppliedModules modules;
    private final Readiness readiness;
    private final List<String> problems;
    private final Runnable stop;

    /**
     * @param problems why the settings could not be applied; empty when they were
     * @param stop stops the appliance, and returns before it has stopped
     */
    public SystemCommands(
            Settings settings, AppliedModules modules, Readiness readiness, List<String> problems, Runnable stop) {
        this.settings = settings;
        this.modules = modules;
        this.readiness = readiness;
        this.problems = List.copyOf(problems);
        this.stop = stop;
    }

    public List<Command> all() {
        return List.of(
                new SimpleCommand("ready", arguments -> ready()),
                new SimpleCommand("stop", this::stop));
    }

    private Object ready() throws CommandException, InterruptedException {
        if (!problems.isEmpty()) {
            throw new CommandException(String.join("\n", problems));
        }
        var look = readiness.await(settings.plan());
        var wrong = Readiness.problems(look);
        if (!wrong.isEmpty()) {
            throw new CommandException(String.join("\n", wrong));
        }
        var running = modules.running(settings.plan());
        LOG.info("control: ready, {} modules and {} listeners", running.size(), look.listeners().size());
        var answer = new LinkedHashMap<String, Object>();
        answer.put("modules", List.copyOf(running));
        answer.put("listeners", look.listeners());
        return answer;
    }

    private Object stop(Arguments arguments) throws CommandException {
        if (arguments.flag("keep")) {
            // Tunnels read it when their sessions freeze.
            System.setProperty("culvert.keep", "true");
        }
        LOG.info("control: stopping{}", arguments.flag("keep") ? ", sessions are kept" : "");
        stop.run();
        return "stopping";
    }
}
