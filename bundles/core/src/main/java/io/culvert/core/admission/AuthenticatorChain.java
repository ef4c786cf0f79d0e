package io.culvert.core.admission;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is asked at a login, and what the answers mean together: either as the settings have it, in the terms of PAM, or by
 * ranking: then second factors must not refuse, and the first of the others that knows the user decides.
 */
public final class AuthenticatorChain {
    /** How long a login waits for an authenticator that was here a moment ago: its module is being exchanged. */
    private static final Duration EXCHANGE = Duration.ofSeconds(5);

    private static final long LOOK_MS = 20;

    private final Supplier<List<Authenticator>> present;
    private final List<ChainLink> links;
    private final GuardedAuthenticator.Limits limits;
    private final LongSupplier nanoTime;
    private final Executor later;

    /** Of those that are present. Guarded by itself. */
    private final Map<Authenticator, GuardedAuthenticator> guards = new IdentityHashMap<>();

    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    /**
     * One who is asked.
     *
     * @param control null where the first who knows the user decides
     * @param counts whether its yes is one that lets a peer in: that of a second factor beside others is not
     */
    record Step(
            ChainLink.@Nullable Control control,
            String name,
            @Nullable GuardedAuthenticator authenticator,
            boolean counts) {
        boolean mustAccept() {
            return control == ChainLink.Control.REQUIRED || control == ChainLink.Control.REQUISITE;
        }
    }

    /**
     * @param present those in force, highest ranking first; called for each login
     * @param links who is asked; empty for the order of {@code present}
     * @param later where the chain goes on when an answer has come late; may block
     */
    AuthenticatorChain(
            Supplier<List<Authenticator>> present,
            List<ChainLink> links,
            GuardedAuthenticator.Limits limits,
            LongSupplier nanoTime,
            Executor later) {
        this.present = present;
        this.links = List.copyOf(links);
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.later = later;
    }

    /**
     * @param deadline for one answer of one authenticator
     * @param concurrency how many questions an authenticator answers at once
     * @param later where the chain goes on when an answer has come late; may block
     */
    public static AuthenticatorChain of(
            Supplier<List<Authenticator>> present,
            List<ChainLink> links,
            Duration deadline,
            int concurrency,
            Executor later) {
        var limits = GuardedAuthenticator.Limits.DEFAULT;
        return new AuthenticatorChain(
                present,
                links,
                new GuardedAuthenticator.Limits(
                        deadline, concurrency, limits.waiting(), limits.failures(), limits.pause()),
                System::nanoTime,
                later);
    }

    /** The chain's decision: never {@code Unknown} or {@code Abstained}; the caller zeroes {@code credentials}. */
    public AuthDecision authenticate(Credentials credentials) {
        List<Step> steps;
        try {
            steps = steps();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ChainWalk.refused("interrupted while an authenticator was waited for");
        }
        if (steps.isEmpty()) {
            return ChainWalk.refused("no authenticator is installed: add one, such as auth.file, to the modules");
        }
        return new ChainWalk(steps, credentials, later, this::successor).proceed();
    }

    private List<Step> steps() throws InterruptedException {
        List<GuardedAuthenticator> all = guarded();
        if (links.isEmpty()) {
            return byRanking(all.isEmpty() ? awaited(Optional.empty()) : all);
        }
        List<@Nullable GuardedAuthenticator> asked = new ArrayList<>();
        for (ChainLink link : links) {
            GuardedAuthenticator found = find(all, link.name());
            asked.add(found != null ? found : find(awaited(Optional.of(link.name())), link.name()));
        }
        boolean alone = asked.stream().allMatch(each -> each != null && each.secondFactor());
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < links.size(); i++) {
            GuardedAuthenticator each = asked.get(i);
            steps.add(new Step(
                    links.get(i).control(),
                    links.get(i).name(),
                    each,
                    alone || each != null && !each.secondFactor()));
        }
        return steps;
    }

    private static List<Step> byRanking(List<GuardedAuthenticator> all) {
        List<Step> steps = new ArrayList<>();
        List<Step> deciding = new ArrayList<>();
        for (GuardedAuthenticator each : all) {
            if (each.secondFactor()) {
                steps.add(new Step(ChainLink.Control.REQUISITE, each.name(), each, false));
            } else {
                deciding.add(new Step(null, each.name(), each, true));
            }
        }
        if (deciding.isEmpty()) {
            return List.of();
        }
        steps.addAll(deciding);
        return steps;
    }

    private static @Nullable GuardedAuthenticator find(List<GuardedAuthenticator> all, String name) {
        for (GuardedAuthenticator each : all) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        return null;
    }

    /** Those present, as soon as the named one, or any, is among them again; at once when it never was. */
    private List<GuardedAuthenticator> awaited(Optional<String> name) throws InterruptedException {
        List<GuardedAuthenticator> all = guarded();
        if (name.map(seen::contains).orElse(!seen.isEmpty())) {
            long until = System.nanoTime() + EXCHANGE.toNanos();
            while ((name.isPresent() ? find(all, name.get()) == null : all.isEmpty()) && System.nanoTime() - until < 0) {
                Thread.sleep(LOOK_MS);
                all = guarded();
            }
        }
        return all;
    }

    /** Another one of the same name, when the one that failed is gone; null when it is to blame itself. */
    private @Nullable GuardedAuthenticator successor(GuardedAuthenticator failed) throws InterruptedException {
        if (guarded().contains(failed)) {
            return null;
        }
        return find(awaited(Optional.of(failed.name())), failed.name());
    }

    private List<GuardedAuthenticator> guarded() {
        List<Authenticator> now = present.get();
        synchronized (guards) {
            guards.keySet().removeIf(each -> now.stream().noneMatch(other -> other == each));
            List<GuardedAuthenticator> all = new ArrayList<>();
            for (Authenticator each : now) {
                all.add(guards.computeIfAbsent(each, one -> new GuardedAuthenticator(one, limits, nanoTime)));
            }
            all.forEach(each -> seen.add(each.name()));
            return all;
        }
    }

    /** The chain, who of it is missing, and how each one does. */
    public Map<String, Object> status() {
        List<GuardedAuthenticator> all = guarded();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("chain", links.isEmpty() ? List.of("by ranking") : links.stream().map(ChainLink::toString).toList());
        List<String> missing = links.stream()
                .map(ChainLink::name)
                .filter(name -> find(all, name) == null)
                .distinct()
                .toList();
        if (!missing.isEmpty()) {
            facts.put("problem", "core.authenticators names " + String.join(", ", missing)
                    + ", which is not there: add the module auth." + missing.getFirst()
                    + " or take the name out of the chain");
        }
        facts.put("authenticators", all.stream().map(GuardedAuthenticator::status).toList());
        return facts;
    }
}
