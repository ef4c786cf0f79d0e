package io.culvert.log.hub;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.log.LogRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * {@code logs}: the newest entries as one list, or with {@code follow} as parts without an end. {@code before} is a
 * sequence number that all must be below, {@code module} a bundle's id, {@code text} what the message must contain.
 */
final class LogsCommand implements Command {
    private static final int DEFAULT_LINES = 50;

    private final Recent recent;
    private final BooleanSupplier sinks;

    /** @param sinks whether anything is logged at all */
    LogsCommand(Recent recent, BooleanSupplier sinks) {
        this.recent = recent;
        this.sinks = sinks;
    }

    @Override
    public String name() {
        return "logs";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
        int lines = lines(arguments.getOrDefault("lines", DEFAULT_LINES));
        Predicate<LogRecord> wanted = wanted(String.valueOf(arguments.getOrDefault("level", "trace")))
                .and(before(arguments.get("before")))
                .and(from(String.valueOf(arguments.getOrDefault("module", ""))))
                .and(saying(String.valueOf(arguments.getOrDefault("text", ""))));
        if (!sinks.getAsBoolean()) {
            throw new CommandException("nothing is logged, as no log sink is running; add log.file to the modules");
        }
        if (!Boolean.TRUE.equals(arguments.get("follow"))) {
            return recent.last(lines, wanted).stream().map(LogsCommand::shown).toList();
        }
        long seen = recent.newest();
        long first = seen;
        List<LogRecord> entries =
                recent.last(lines, entry -> wanted.test(entry) && entry.sequence() <= first);
        while (true) {
            for (LogRecord entry : entries) {
                if (wanted.test(entry) && !reply.send(shown(entry))) {
                    return "end";
                }
                seen = Math.max(seen, entry.sequence());
            }
            entries = recent.awaitAfter(seen);
        }
    }

    private static int lines(Object argument) throws CommandException {
        if (argument instanceof Number number && number.intValue() >= 0) {
            return number.intValue();
        }
        throw new CommandException("the argument 'lines' must be a whole number from 0");
    }

    private static Predicate<LogRecord> before(@Nullable Object sequence) throws CommandException {
        return switch (sequence) {
            case null -> _ -> true;
            case Number number -> entry -> entry.sequence() < number.longValue();
            default -> throw new CommandException("the argument 'before' must be a whole number");
        };
    }

    private static Predicate<LogRecord> from(String module) {
        return module.isEmpty()
                ? _ -> true
                : entry -> entry.module().equals(module) || entry.module().equals("io.culvert." + module);
    }

    private static Predicate<LogRecord> saying(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        return text.isEmpty() ? _ -> true : entry -> entry.message().toLowerCase(Locale.ROOT).contains(wanted);
    }

    private static Predicate<LogRecord> wanted(String level) throws CommandException {
        try {
            var least = LogRecord.Level.valueOf(level.toUpperCase(Locale.ROOT));
            return entry -> entry.level().ordinal() <= least.ordinal();
        } catch (IllegalArgumentException e) {
            throw new CommandException("'" + level + "' is no level; there are error, warn, info, debug and trace");
        }
    }

    private static Map<String, Object> shown(LogRecord entry) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("sequence", entry.sequence());
        shown.put("time", entry.time().toString());
        shown.put("level", entry.level().name().toLowerCase(Locale.ROOT));
        shown.put("module", entry.module());
        shown.put("logger", entry.logger());
        shown.put("thread", entry.thread());
        shown.put("message", entry.message());
        entry.trace().ifPresent(trace -> shown.put("trace", trace));
        return shown;
    }
}
