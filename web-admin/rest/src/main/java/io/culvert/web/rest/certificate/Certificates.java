package io.culvert.web.rest.certificate;

import io.culvert.api.pki.PkiException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.ConsoleCertificate;
import io.culvert.api.web.Problem;
import io.culvert.web.rest.access.Guard;
import io.culvert.web.rest.server.Json;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which certificate browsers see: that of the file in the settings, else the imported one, else a module's, else the
 * appliance's own. One that cannot be used is passed over with a word in the log, so that nobody is locked out by it.
 */
public final class Certificates implements HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
    /** How long before its end somebody is asked to bring the next one. */
    private static final Duration NOTICE = Duration.ofDays(21);
    private static final Duration AGAIN = Duration.ofDays(1);
    /** In which the answer to the change itself arrives. */
    private static final Duration ANSWERED = Duration.ofSeconds(1);

    private final Kept kept;
    private final InstantSource clock;
    private final Sources sources;
    private final Door door;
    private @Nullable Guard guard;
    private @Nullable Presented presented;
    private Instant warned = Instant.MIN;

    /** Where a certificate comes from, in the words of the API. */
    enum Source {
        OWN,
        FILE,
        IMPORTED,
        ACME
    }

    /**
     * What is shown.
     *
     * @param problem why another one is not; empty when nothing is wrong
     */
    record Presented(Source source, TlsPolicy.Identity identity, String problem) {
        X509Certificate leaf() {
            return identity.chain().getFirst();
        }
    }

    /** Certificates that are not imported. */
    public interface Sources {
        /** The appliance's own. */
        TlsPolicy.Identity own() throws PkiException;

        /**
         * That of the file in the settings; empty when they name none.
         *
         * @throws java.io.IOException naming the file and what to do
         */
        Optional<TlsPolicy.Identity> file() throws java.io.IOException;

        /** The module that gets certificates, if there is one. */
        Optional<ConsoleCertificate> module();

        /** Names from the settings. */
        List<String> names();
    }

    /** What shows them. */
    public interface Door {
        /** To connections to come. */
        void show(TlsPolicy.Identity identity) throws Exception;

        /** Has all others connect again, in a while. */
        void reconnect(Duration after);
    }

    /** Nothing is shown yet. */
    public Certificates(Store store, Json json, InstantSource clock, Sources sources, Door door) {
        kept = new Kept(store, json);
        this.clock = clock;
        this.sources = sources;
        this.door = door;
    }

    /** Who watches over changes. */
    public void guardedBy(Guard other) {
        guard = other;
    }

    /** For {@link Guard.Place}. */
    public String imported() {
        try {
            return kept.chosen();
        } catch (Problem e) {
            LOG.warn("web: the imported certificate is not shown, {}", e.getMessage());
            return "";
        }
    }

    /**
     * The one to show now; shows it when it is another than before.
     *
     * @throws Exception when there is none, or the server refuses it
     */
    public synchronized TlsPolicy.Identity refresh() throws Exception {
        Presented next = choose(imported());
        Presented before = presented;
        if (before != null && !before.identity().chain().equals(next.identity().chain())) {
            door.show(next.identity());
            LOG.info("web: shows a new certificate ({}), good until {}", word(next.source()),
                    next.leaf().getNotAfter().toInstant());
        }
        presented = next;
        warn(next);
        return next.identity();
    }

    /** Nobody renews what somebody has brought. */
    private void warn(Presented now) {
        String ending = ending(now);
        if (!ending.isEmpty() && clock.instant().minus(AGAIN).isAfter(warned)) {
            warned = clock.instant();
            LOG.warn("web: {}", ending);
        }
    }

    private String ending(Presented now) {
        boolean brought = now.source() == Source.IMPORTED || now.source() == Source.FILE;
        Instant end = now.leaf().getNotAfter().toInstant();
        return brought && clock.instant().plus(NOTICE).isAfter(end)
                ? "the console's certificate (" + word(now.source()) + ") ends at " + end + "; bring the next one"
                : "";
    }

    @Override
    public String name() {
        return "web.rest certificate";
    }

    @Override
    public synchronized Map<String, Object> status() {
        var facts = new LinkedHashMap<String, Object>();
        Presented now = presented;
        if (now != null) {
            facts.put("source", word(now.source()));
            facts.put("until", now.leaf().getNotAfter().toInstant().toString());
            String problem = now.problem().isEmpty() ? ending(now) : now.problem();
            if (!problem.isEmpty()) {
                facts.put("problem", problem);
            }
        }
        return facts;
    }

    private Presented choose(String imported) throws PkiException {
        String problem = "";
        try {
            var file = sources.file();
            if (file.isPresent()) {
                return new Presented(Source.FILE, file.get(), "");
            }
        } catch (java.io.IOException e) {
            problem = String.valueOf(e.getMessage());
        }
        try {
            var found = kept.find(imported);
            if (found.isPresent() && isValid(found.get())) {
                return new Presented(Source.IMPORTED, found.get(), problem);
            }
            if (found.isPresent()) {
                problem = "the imported certificate is over since "
                        + found.get().chain().getFirst().getNotAfter().toInstant() + "; import the next one";
            } else if (!imported.isEmpty()) {
                problem = "the imported certificate is not in the store any more; import it again";
            }
        } catch (Problem e) {
            problem = "the imported certificate cannot be used: " + e.getMessage();
        }
        var module = sources.module();
        var identity = module.flatMap(ConsoleCertificate::identity).filter(this::isValid);
        if (identity.isPresent()) {
            return told(new Presented(Source.ACME, identity.get(), problem));
        }
        return told(new Presented(Source.OWN, sources.own(), problem));
    }

    private Presented told(Presented next) {
        Presented before = presented;
        if (!next.problem().isEmpty() && (before == null || !before.problem().equals(next.problem()))) {
            LOG.error("web: {}; another certificate is shown instead ({})", next.problem(), word(next.source()));
        }
        return next;
    }

    private boolean isValid(TlsPolicy.Identity identity) {
        return clock.instant().isBefore(identity.chain().getFirst().getNotAfter().toInstant());
    }

    static String word(Source source) {
        return source.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** What is shown now. */
    synchronized Presented current() throws Problem {
        Presented now = presented;
        if (now == null) {
            throw Problem.unavailable("the console shows no certificate yet, or listens at its Unix socket only");
        }
        return now;
    }

    /** To when it has to be confirmed. */
    Optional<Instant> until() {
        return Optional.ofNullable(guard).flatMap(Guard::until);
    }

    Optional<ConsoleCertificate.Status> module() {
        return sources.module().map(ConsoleCertificate::status);
    }

    /**
     * Checks, keeps and shows a certificate.
     *
     * @param host under which the caller came; empty when it came another way
     * @param guarded whether it has to be confirmed
     */
    synchronized Presented take(String chain, String key, String host, boolean guarded) throws Problem {
        refuseBesideFile();
        TlsPolicy.Identity identity = Pem.identity(chain, key);
        var names = new LinkedHashSet<String>();
        for (String name : sources.names()) {
            addName(names, name);
        }
        addName(names, host);
        Acceptance.check(identity.chain(), names, clock.instant());
        String fingerprint = kept.add(identity);
        change(fingerprint, new Presented(Source.IMPORTED, identity, ""), guarded);
        return current();
    }

    /** Public authorities issue for names with a dot; browsers that come by an address know how to go on. */
    private static void addName(LinkedHashSet<String> names, String name) {
        if (name.indexOf('.') > 0 && !Acceptance.isAddress(name)) {
            names.add(name);
        }
    }

    private void refuseBesideFile() throws Problem {
        try {
            if (sources.file().isEmpty()) {
                return;
            }
        } catch (java.io.IOException e) {
            // It is named all the same.
        }
        throw Problem.conflict("certificate-file", "the settings of web.rest name a file with the certificate; take "
                + "certificateFile and keyFile out of them first");
    }

    /** Forgets the imported one: a module's or the appliance's own is shown again. */
    synchronized Presented forget(boolean guarded) throws Problem {
        refuseBesideFile();
        try {
            change("", choose(""), guarded);
        } catch (PkiException e) {
            throw Problem.unavailable(String.valueOf(e.getMessage()));
        }
        return current();
    }

    private void change(String imported, Presented next, boolean guarded) throws Problem {
        String before = kept.chosen();
        if (before.equals(imported)) {
            return;
        }
        Guard watching = guard;
        if (watching != null && guarded) {
            watching.change(imported, Pem.fingerprint(next.leaf()));
        }
        kept.choose(imported);
        try {
            door.show(next.identity());
        } catch (Exception e) {
            LOG.error("web: the certificate cannot be shown, {}", e.toString());
            kept.choose(before);
            if (watching != null) {
                watching.mean(before);
            }
            throw Problem.refused("the server cannot use this certificate: " + e.getMessage());
        }
        presented = next;
        LOG.info("web: shows a new certificate ({}), good until {}", word(next.source()), next.leaf().getNotAfter().toInstant());
        if (watching != null && !guarded) {
            watching.mean(imported);
        }
        door.reconnect(ANSWERED);
    }

    /** The guard's way back. */
    public synchronized void back(@Nullable String imported) {
        try {
            kept.choose(imported == null ? "" : imported);
            refresh();
            door.reconnect(Duration.ZERO);
        } catch (Exception e) {
            LOG.error("web: cannot go back to the earlier certificate, {}", e.getMessage());
        }
    }

    /** What the guard holds for good: keys of all others are forgotten. */
    public void held(@Nullable String imported) {
        try {
            kept.keepOnly(imported == null ? "" : imported);
        } catch (Problem e) {
            LOG.warn("web: keys of earlier certificates are still in the store, {}", e.getMessage());
        }
    }
}
