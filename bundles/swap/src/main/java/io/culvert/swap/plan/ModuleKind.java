package io.culvert.swap.plan;

import io.culvert.swap.state.Change.Strategy;
import java.util.Set;

/** What the first word of a module's id says. */
public record ModuleKind(String word) {
    private static final Set<String> HANDSHAKES = Set.of("core", "tunnel", "tls", "auth", "pki", "policy");
    private static final Set<String> ONCE = Set.of("core", "store");

    /** Packets wait, or are dropped, while none of these is there: the next one has to be there when one leaves. */
    private static final Set<String> EARLY = Set.of("core", "net", "tunnel");

    private static final Set<String> PLATFORM = Set.of("api", "wire", "control", "swap", "web-admin", "signing");
    private static final Set<String> LOG = Set.of("log.hub", "log.slf4j");

    public static ModuleKind of(String module) {
        int dot = module.indexOf('.');
        return new ModuleKind(dot < 0 ? module : module.substring(0, dot));
    }

    /** Whether a wrong version of it can make handshakes fail. */
    public boolean takesPartInHandshakes() {
        return HANDSHAKES.contains(word);
    }

    /** How its versions take over from each other unless somebody says otherwise. */
    public Strategy strategy() {
        return ONCE.contains(word) ? Strategy.REPLACE : Strategy.SIDE_BY_SIDE;
    }

    /** Whether a version that is started waits by itself until the one that works has left. */
    public boolean waitsForItsTurn() {
        return EARLY.contains(word);
    }

    /** Whether a version that waits offers its services only when its turn has come. */
    public boolean offersInItsTurn() {
        return word.equals("core");
    }

    /** Whether an id is a part that the modules stand on; it comes with the release. */
    public static boolean platform(String module) {
        return PLATFORM.contains(module) || LOG.contains(module);
    }

    /** Why the module must not be refreshed together with another; empty when it may. */
    public static String guarded(String module) {
        String kind = of(module).word();
        if (module.equals("control") || module.equals("swap") || module.equals("web-admin")) {
            return "the console";
        }
        return kind.equals("log") ? "the log" : kind.equals("tunnel") ? "another tunnel" : "";
    }
}
