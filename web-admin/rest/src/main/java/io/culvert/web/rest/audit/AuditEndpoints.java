package io.culvert.web.rest.audit;

import static io.culvert.api.web.WebEndpoint.get;

import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code /audit}. */
public final class AuditEndpoints implements WebEndpoints {
    private static final int MOST = 500;

    private final AuditLog audit;

    public AuditEndpoints(AuditLog audit) {
        this.audit = audit;
    }

    record Shown(
            long sequence,
            Instant time,
            String who,
            String role,
            String from,
            String action,
            String subject,
            String note,
            String result,
            List<AuditTrail.Changed> changes,
            String hash) {}

    record Listed(List<Shown> items, @Nullable String next, long total) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get("/api/v1/audit", Role.VIEWER, "Who changed what, newest first.", Listed.class, this::list),
                get("/api/v1/audit:verify", Role.VIEWER, "Whether the chain of entries is whole.",
                        AuditLog.Verdict.class, _ -> WebResponse.json(audit.verify())));
    }

    private WebResponse list(WebRequest request) throws Problem, IOException {
        int limit = (int) request.query("limit", 50, 1, MOST);
        long cursor = request.query("cursor", 0, 0, Long.MAX_VALUE);
        var found = audit.find(cursor == 0 ? Optional.empty() : Optional.of(cursor), request.query("q").orElse(""), limit + 1);
        List<Shown> items = found.stream().limit(limit).map(AuditEndpoints::shown).toList();
        String next = found.size() > limit ? Long.toString(items.getLast().sequence()) : null;
        return WebResponse.json(new Listed(items, next, audit.entries()));
    }

    private static Shown shown(AuditTrail.Numbered each) {
        AuditTrail.Entry entry = each.entry();
        return new Shown(
                each.number(),
                each.time(),
                entry.who(),
                entry.role().name().toLowerCase(Locale.ROOT),
                entry.from(),
                entry.what(),
                entry.target(),
                entry.note(),
                entry.result(),
                entry.changes(),
                each.hash());
    }
}
