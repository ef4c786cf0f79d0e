package io.culvert.tunnel.openvpn.control;

import io.culvert.api.auth.AuthDecision;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Questions that were put to clients which can answer only with their next connection (dynamic challenge). Each is
 * answered once, by the user it was put to. Shared by the sessions of a listener, on whatever loop.
 */
public final class OpenQuestions {
    /** Who asks for more questions than this makes others forget theirs, and those begin anew. */
    private static final int MAX = 4096;

    private record Open(String user, String profile, AuthDecision.Pending pending, long untilNs) {}

    private final Map<String, Open> open = new LinkedHashMap<>();

    /** @param state names the question, unguessable */
    public synchronized void put(String state, String user, String profile, AuthDecision.Pending pending, long nowNs) {
        open.values().removeIf(each -> nowNs - each.untilNs >= 0);
        if (open.size() >= MAX) {
            open.remove(open.keySet().iterator().next());
        }
        open.put(state, new Open(user, profile, pending, nowNs + pending.timeout().toNanos()));
    }

    /** The question, which is not open any more. */
    public synchronized Optional<AuthDecision.Pending> take(String state, String user, String profile, long nowNs) {
        Open found = open.get(state);
        if (found == null || !found.user.equals(user) || !found.profile.equals(profile)) {
            return Optional.empty();
        }
        open.remove(state);
        return nowNs - found.untilNs >= 0 ? Optional.empty() : Optional.of(found.pending);
    }

    /** How long its answer may take, in milliseconds. */
    static long patienceMs(AuthDecision.Pending pending) {
        return TimeUnit.SECONDS.toMillis(1) + pending.timeout().toMillis();
    }
}
