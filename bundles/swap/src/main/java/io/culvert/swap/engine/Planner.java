package io.culvert.swap.engine;

import io.culvert.api.auth.Authenticator;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.config.ModuleSettings.Difference;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.osgi.Wiring;
import io.culvert.swap.plan.JarIdentity;
import io.culvert.swap.plan.ModuleKind;
import io.culvert.swap.plan.PlanHash;
import io.culvert.swap.plan.Refused;
import io.culvert.swap.plan.SwapPlan;
import io.culvert.swap.repository.ModuleSource;
import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.state.Jar;
import io.culvert.swap.state.ModuleEntry;
import io.culvert.swap.state.ModuleEntry.Standing;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import io.culvert.swap.trust.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;

/** Finds out what a change would do. Starts and stops nothing. */
final class Planner {
    private final Modules modules;
    private final Wiring wiring;
    private final Components components;
    private final ModuleHome home;
    private final Trust trust;
    private final ModuleSource source;
    private final ModuleSettings settings;
    private final Supplier<Optional<LiveSessions>> sessions;

    Planner(
            Modules modules,
            Wiring wiring,
            Components components,
            ModuleHome home,
            Trust trust,
            ModuleSource source,
            ModuleSettings settings,
            Supplier<Optional<LiveSessions>> sessions) {
        this.modules = modules;
        this.wiring = wiring;
        this.components = components;
        this.home = home;
        this.trust = trust;
        this.source = source;
        this.settings = settings;
        this.sessions = sessions;
    }

    /** @throws Refused when there is nothing that could be planned */
    SwapPlan plan(Kind kind, String module, String target, Optional<Strategy> wish) throws Refused, IOException {
        return switch (kind) {
            case INSTALL, UPDATE, ROLLBACK -> bring(kind, module, target, wish);
            case START, STOP, REMOVE -> standing(kind, module);
        };
    }

    private SwapPlan bring(Kind kind, String module, String target, Optional<Strategy> wish)
            throws Refused, IOException {
        Path file = file(kind, module, target);
        JarIdentity jar = JarIdentity.read(file);
        String id = jar.module();
        if (!module.isEmpty() && !module.equals(id)) {
            throw new Refused(target + " is the module " + id + ", not " + module);
        }
        Optional<Bundle> old = modules.find(id);
        if (kind == Kind.INSTALL && old.isPresent()) {
            throw new Refused(id + " is installed already, version " + old.get().getVersion()
                    + "; change it with: culvert module update " + id + " " + (target.isEmpty() ? "FILE" : target));
        }
        if (kind == Kind.UPDATE && old.isEmpty()) {
            throw new Refused(id + " is not installed; install it with: culvert module install " + target);
        }
        String hash = ModuleHome.hash(file);
        var refusals = new ArrayList<String>();
        var notes = new ArrayList<String>();
        if (old.isPresent() && hash.equals(ModuleHome.hash(modules.file(old.get())))) {
            refusals.add("this very jar is in force already");
        }
        if (home.states().of(id).standing() == Standing.STOPPED) {
            refusals.add(id + " is stopped; start it first with: culvert module start " + id);
        }
        if (old.isPresent() && !settings.named().contains(id) && !ModuleKind.platform(id)) {
            refusals.add(id + " does not run, as the settings do not name it; start it first with: culvert module start " + id);
        }
        Verdict verdict = trust.verdict(file);
        trust.refusal(verdict).ifPresent(refusals::add);
        List<String> missing = wiring.missing(file);
        missing.forEach(each -> refusals.add("nobody meets its requirement: " + each));
        var refreshed = old.map(wiring::refreshedWith).orElse(List.of());
        guard(id, refreshed, refusals);
        Difference difference = settings.compare(id, file);
        difference.invalid().forEach(line -> refusals.add("a setting would no longer be valid: " + line));
        Strategy strategy = old.isEmpty()
                ? Strategy.SIDE_BY_SIDE
                : wish.filter(each -> each == Strategy.REPLACE)
                        .or(jar::strategy)
                        .orElse(ModuleKind.of(id).strategy());
        if (strategy == Strategy.REPLACE && wish.isEmpty()) {
            notes.add("this kind of module cannot run twice: the old version leaves before the new one comes");
        }
        if (old.isEmpty() && !settings.named().contains(id)) {
            notes.add("the settings do not name it yet; it gets an entry with its defaults");
        }
        return finish(
                kind, id, target, Optional.of(file), hash, old, jar.version().toString(), strategy, Optional.of(verdict),
                missing, refreshed, difference, refusals, notes);
    }

    private Path file(Kind kind, String module, String target) throws Refused, IOException {
        if (kind == Kind.ROLLBACK) {
            Jar kept = home.states().of(module).kept().orElseThrow(() -> new Refused(
                    modules.find(module).isPresent()
                            ? "no earlier version of " + module + " is kept"
                            : "there is no module " + module + "; see: culvert module list"));
            return home.file(kept);
        }
        if (target.contains("/") || target.endsWith(".jar")) {
            return Path.of(target);
        }
        return source.find(target).orElseThrow(() -> new Refused(
                "no module " + target + " is offered, and there is no such file; see: culvert module list --available"));
    }

    /** Nothing that operators look through, and nobody else's tunnel, may be interrupted by a change of something else. */
    private static void guard(String module, List<Wiring.Refreshed> refreshed, List<String> refusals) {
        for (var each : refreshed) {
            String guarded = ModuleKind.guarded(each.module());
            if (!guarded.isEmpty()) {
                refusals.add("it would restart " + guarded + ": " + each.module() + " " + each.reason());
                break;
            }
        }
        if (refusals.isEmpty() && ModuleKind.platform(module)) {
            refusals.add(module + " is what the modules stand on; it comes with a release of culvert");
        }
    }

    private SwapPlan standing(Kind kind, String module) throws Refused, IOException {
        Bundle bundle = modules.find(module)
                .orElseThrow(() -> new Refused("there is no module " + module + "; see: culvert module list"));
        ModuleEntry entry = home.states().of(module);
        var refusals = new ArrayList<String>();
        var notes = new ArrayList<String>();
        boolean running = bundle.getState() == Bundle.ACTIVE;
        if (kind == Kind.START && running) {
            refusals.add(module + " is running already");
        }
        if (kind == Kind.STOP && !running && entry.standing() == Standing.STOPPED) {
            refusals.add(module + " is stopped already");
        }
        List<Wiring.Refreshed> refreshed = List.of();
        if (kind != Kind.START) {
            refreshed = kind == Kind.REMOVE ? wiring.refreshedWith(bundle) : List.of();
            guard(module, refreshed, refusals);
            if (running) {
                refusals.addAll(needed(module, bundle));
            }
            if (offers(bundle, TunnelProtocol.class)) {
                notes.add("its sessions wait, frozen, until it runs again");
            }
        }
        return finish(
                kind, module, "", Optional.empty(), "", Optional.of(bundle), kind == Kind.START ? bundle.getVersion().toString() : "",
                Strategy.REPLACE, Optional.of(trust.verdict(modules.file(bundle))), List.of(), refreshed,
                new Difference(List.of(), List.of(), List.of(), List.of()), refusals, notes);
    }

    /** Who could not do without it. */
    private List<String> needed(String module, Bundle bundle) {
        var refusals = new ArrayList<String>();
        boolean tunnels = !components.offers(TunnelProtocol.class.getName(), null).isEmpty();
        if (onlyOne(bundle, Authenticator.class)) {
            refusals.add(module + " is the last authenticator: nobody could log in any more; install another one first");
        }
        if (tunnels && onlyOne(bundle, TlsProvider.class)) {
            refusals.add(module + " is the last TLS provider, and the running tunnels need one; install another one first");
        }
        if (tunnels && onlyOne(bundle, CipherProvider.class)) {
            refusals.add(
                    module + " is the last cipher provider, and the running tunnels need one; install another one first");
        }
        if (onlyStore(bundle)) {
            refusals.add(module + " is the only store: users, keys and sessions are in it");
        }
        if (tunnels && module.equals("core")) {
            refusals.add("the running tunnels need core");
        }
        components.neededBy(bundle).forEach(line -> refusals.add(line + ", and only " + module + " offers one"));
        return refusals;
    }

    /** Everybody sees the store through its front, which offers one as well. */
    private boolean onlyStore(Bundle bundle) {
        var behind = components.offers(Store.class.getName(), null).stream()
                .filter(reference -> reference.getProperty("culvert.front") == null)
                .toList();
        return !behind.isEmpty() && behind.stream().allMatch(reference -> bundle.equals(reference.getBundle()));
    }

    private boolean onlyOne(Bundle bundle, Class<?> service) {
        return offers(bundle, service)
                && components.offers(service.getName(), null).stream()
                        .allMatch(reference -> bundle.equals(reference.getBundle()));
    }

    private boolean offers(Bundle bundle, Class<?> service) {
        return components.offers(service.getName(), null).stream()
                .anyMatch(reference -> bundle.equals(reference.getBundle()));
    }

    private SwapPlan finish(
            Kind kind,
            String module,
            String target,
            Optional<Path> file,
            String sha256,
            Optional<Bundle> old,
            String to,
            Strategy strategy,
            Optional<Verdict> verdict,
            List<String> missing,
            List<Wiring.Refreshed> refreshed,
            Difference difference,
            List<String> refusals,
            List<String> notes) {
        var hash = new PlanHash()
                .add("change", kind.word(), module, sha256, strategy.name())
                .add("signature", verdict.map(Verdict::line).orElse(""))
                .add("entry", String.valueOf(home.states().of(module)))
                .add("settings", difference.toString());
        for (Bundle bundle : modules.bundles()) {
            hash.add(
                    "bundle",
                    String.valueOf(bundle.getSymbolicName()),
                    bundle.getVersion().toString(),
                    bundle.getLocation(),
                    Integer.toString(bundle.getState() == Bundle.ACTIVE ? 1 : 0));
        }
        return new SwapPlan(
                kind,
                module,
                target,
                file,
                sha256,
                old.map(bundle -> bundle.getVersion().toString()).orElse(""),
                to,
                strategy,
                verdict,
                missing,
                refreshed.stream().map(each -> each.module() + " (" + each.reason() + ")").toList(),
                usage(module),
                difference,
                refusals,
                notes,
                hash.hex());
    }

    /** Sessions by version of the module: {@code tls.jsse/0.1.0}. */
    Map<String, Integer> usage(String module) {
        var usage = new TreeMap<String, Integer>();
        for (SessionStatus session : sessions.get().map(LiveSessions::list).orElse(List.of())) {
            session.modules().values().stream()
                    .filter(each -> each.startsWith(module + "/"))
                    .distinct()
                    .forEach(each -> usage.merge(each, 1, Integer::sum));
        }
        return usage;
    }
}
