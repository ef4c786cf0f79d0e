package io.culvert.web.rest.events;

import io.culvert.api.log.LogRecord;
import io.culvert.api.web.Problem;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a listener wants to hear of.
 *
 * @param types of events
 * @param level the least log lines that it wants
 */
record EventFilter(Set<String> types, LogRecord.Level level) {
    private static final Map<String, Set<String>> TOPICS = Map.of(
            "overview", Set.of("throughput", "counts"),
            "modules", Set.of("module"),
            "changes", Set.of("change", "module"),
            "log", Set.of(Event.LOG),
            "audit", Set.of("audit"));

    /** @param topics separated by commas; all but the log when empty */
    static EventFilter of(Optional<String> topics, Optional<String> level) throws Problem {
        var types = new LinkedHashSet<String>();
        for (String topic : topics.orElse("overview,modules,changes,audit").split(",")) {
            Set<String> some = TOPICS.get(topic.strip());
            if (some == null) {
                throw Problem.field("topics", "must be some of " + String.join(", ", TOPICS.keySet().stream().sorted().toList()));
            }
            types.addAll(some);
        }
        try {
            return new EventFilter(types, LogRecord.Level.valueOf(level.orElse("info").toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            throw Problem.field("level", "must be error, warn, info, debug or trace");
        }
    }

    boolean wants(Event event) {
        return types.contains(event.type())
                && event.level().map(each -> each.compareTo(level) <= 0).orElse(true);
    }
}
