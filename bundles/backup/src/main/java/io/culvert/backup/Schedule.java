package io.culvert.backup;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Optional;

/** When backups are made, in the host's own time. */
record Schedule(Every every, LocalTime at) {
    /** How often; weekly is on Sundays. */
    enum Every {
        NEVER,
        HOURLY,
        DAILY,
        WEEKLY
    }

    /** The first moment of the schedule after {@code moment}; empty for never. */
    Optional<Instant> after(Instant moment, ZoneId zone) {
        ZonedDateTime from = moment.atZone(zone);
        ZonedDateTime first = switch (every) {
            case NEVER -> null;
            case HOURLY -> from.truncatedTo(ChronoUnit.HOURS).withMinute(at.getMinute());
            case DAILY -> from.with(at);
            case WEEKLY -> from.with(TemporalAdjusters.nextOrSame(DayOfWeek.SUNDAY)).with(at);
        };
        if (first == null) {
            return Optional.empty();
        }
        if (first.toInstant().isAfter(moment)) {
            return Optional.of(first.toInstant());
        }
        return Optional.of(switch (every) {
            case HOURLY -> first.plusHours(1);
            case DAILY -> first.plusDays(1).with(at);
            default -> first.plusWeeks(1).with(at);
        }).map(ZonedDateTime::toInstant);
    }
}
