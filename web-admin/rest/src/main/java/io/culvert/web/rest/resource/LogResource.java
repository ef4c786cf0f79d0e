package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code /log}: the newest entries that are still in memory. */
public final class LogResource {
    private static final int DEFAULT = 100;
    private static final int MOST = 1_000;

    private final Commands commands;

    public LogResource(Commands commands) {
        this.commands = commands;
    }

    /**
     * One entry.
     *
     * @param sequence counts the entries of one run
     * @param trace a stack trace; empty for most
     */
    public record LogEntry(
            long sequence,
            String time,
            String level,
            String module,
            String logger,
            String thread,
            String message,
            String trace) {}

    /**
     * Entries, oldest first.
     *
     * @param next the {@code before} that gives older ones; null when there are none
     */
    public record Log(List<LogEntry> items, @Nullable String next, int total) {}

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                "/api/v1/log",
                Role.VIEWER,
                "Show the newest log entries; 'before', 'level', 'module', 'q' and 'limit' choose.",
                Log.class,
                this::log));
    }

    private WebResponse log(WebRequest request) throws Problem, InterruptedException {
        int limit = (int) request.query("limit", DEFAULT, 1, MOST);
        var arguments = new HashMap<String, Object>();
        // One more tells whether there are older ones.
        arguments.put("lines", limit + 1);
        request.query("level").ifPresent(level -> arguments.put("level", level));
        request.query("module").ifPresent(module -> arguments.put("module", module));
        request.query("q").ifPresent(text -> arguments.put("text", text));
        if (request.query("before").isPresent()) {
            arguments.put("before", request.query("before", 0, 0, Long.MAX_VALUE));
        }
        List<LogEntry> all = commands.rows("logs", arguments).stream().map(LogResource::entry).toList();
        List<LogEntry> items = all.subList(Math.max(0, all.size() - limit), all.size());
        Optional<String> next =
                all.size() > limit ? Optional.of(String.valueOf(items.getFirst().sequence)) : Optional.empty();
        return WebResponse.json(new Log(items, next.orElse(null), items.size()));
    }

    private static LogEntry entry(Row row) {
        return new LogEntry(
                row.number("sequence"),
                row.text("time"),
                row.text("level"),
                module(row.text("module")),
                row.text("logger"),
                row.text("thread"),
                row.text("message"),
                row.text("trace"));
    }

    /** A bundle's name as a module's id. */
    public static String module(String bundle) {
        return bundle.replaceFirst("^io\\.culvert\\.", "");
    }
}
