package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps administrators from locking themselves out: what somebody has changed of the own sign-in (password, second factor,
 * role) holds once that person has signed in anew with it, else what was before comes back. What others change, or the
 * command line, is meant. It is in the store before the change is, so it outlives a restart.
 */
public final class SignInGuard {
    static final Duration TIME = Duration.ofMinutes(2);
    private static final Logger LOG = LoggerFactory.getLogger(SignInGuard.class);

    private final Records<Unproven> records;
    private final Administrators administrators;
    private final InstantSource clock;
    private volatile @Nullable AuditTrail audit;

    /** @param before as it was when a sign-in last proved it */
    private record Unproven(Administrator before, Instant until) {}

    SignInGuard(Store store, Json json, Administrators administrators, InstantSource clock) {
        records = new Records<>(store, json, "web/guard/signin/", Unproven.class);
        this.administrators = administrators;
        this.clock = clock;
    }

    private static String key(String name) {
        return HexFormat.of().formatHex(name.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Somebody is about to change the own sign-in.
     *
     * @throws Problem when that cannot be written down: then nothing may be changed
     */
    void changing(Administrator before) throws Problem {
        Administrator proven =
                records.read(key(before.name())).map(found -> found.value().before()).orElse(before);
        records.set(key(before.name()), new Unproven(proven, clock.instant().plus(TIME)));
        LOG.info("web administrator={}: the new sign-in holds once it was used, within {} s", before.name(), TIME.toSeconds());
    }

    /** Somebody has signed in, or another administrator has had a say: what is there now holds. */
    void holds(String name) throws Problem {
        if (records.read(key(name)).isPresent()) {
            records.delete(key(name));
            LOG.info("web administrator={}: the new sign-in holds", name);
        }
    }

    /** Until when somebody has to sign in anew; empty when nothing is to be proven. */
    Optional<Instant> until(String name) throws Problem {
        return records.read(key(name)).map(found -> found.value().until());
    }

    /** Where what comes back is written down. */
    void writesTo(AuditTrail trail) {
        audit = trail;
    }

    /** Brings back what nobody has proven in time. */
    void sweep() {
        try {
            for (var found : records.all()) {
                if (clock.instant().isAfter(found.value().until())) {
                    back(found.value().before());
                }
            }
        } catch (Problem e) {
            LOG.warn("web: sign-ins are not guarded, {}", e.getMessage());
        }
    }

    private void back(Administrator before) throws Problem {
        String name = before.name();
        try {
            if (administrators.find(name).isPresent()) {
                AuditTrail trail = audit;
                long begun = trail == null ? 0 : trail.begin(entry(before, AuditTrail.BEGUN));
                // A code that was used stays used.
                administrators.change(name, now -> before
                        .withTotp(before.totp(), Math.max(before.totpPeriod(), now.totpPeriod()))
                        .signedIn(now.signedIn()));
                if (trail != null) {
                    trail.end(begun, entry(before, "ok"));
                }
                LOG.warn("web administrator={}: nobody has used the new sign-in, the one before is back", name);
            }
            records.delete(key(name));
        } catch (IOException e) {
            LOG.error("web administrator={}: the audit log cannot be written, so the sign-in stays, {}", name, e.getMessage());
        }
    }

    private static AuditTrail.Entry entry(Administrator whose, String result) {
        return new AuditTrail.Entry("", Role.NONE, "local", "lock-out guard", "administrator " + whose.name(),
                "nobody has signed in with what was changed, so what was before is back", result,
                List.of(new AuditTrail.Changed("sign-in", "changed", "changed")));
    }
}
