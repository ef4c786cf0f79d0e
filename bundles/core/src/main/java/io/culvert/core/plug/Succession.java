package io.culvert.core.plug;

import io.culvert.core.handover.Estate;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * How one core follows another in the same process: by what the launcher keeps in between. Where it keeps nothing, a
 * core begins anew, and its sessions come out of the store.
 */
final class Succession {
    private static final String MODULE = "core";

    private final Semaphore turn;
    private final @Nullable BiFunction<String, @Nullable Map<String, Object>, @Nullable Map<String, Object>> keeper;

    private Succession(
            Semaphore turn,
            @Nullable BiFunction<String, @Nullable Map<String, Object>, @Nullable Map<String, Object>> keeper) {
        this.turn = turn;
        this.keeper = keeper;
    }

    @SuppressWarnings("unchecked")
    static Succession of(BundleContext context) {
        Function<String, Semaphore> turns = service(context, Function.class, "(culvert.turns=true)");
        return new Succession(
                turns == null ? new Semaphore(1) : turns.apply(MODULE),
                service(context, BiFunction.class, "(culvert.keeper=true)"));
    }

    private static <T> @Nullable T service(BundleContext context, Class<T> type, String filter) {
        try {
            Collection<ServiceReference<T>> found = context.getServiceReferences(type, filter);
            return found.isEmpty() ? null : context.getService(found.iterator().next());
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether nobody acts: the caller does from here on. */
    boolean tryAct() {
        return turn.tryAcquire();
    }

    /** Waits in the wings until the core that acts has left. */
    void awaitTurn() throws InterruptedException {
        turn.acquire();
    }

    /** Lets another act. */
    void yield() {
        turn.release();
    }

    /** Whether a successor in this process can take anything over. */
    boolean keeps() {
        return keeper != null;
    }

    void leave(Estate estate) {
        if (keeper != null) {
            keeper.apply(MODULE, estate.things());
        }
    }

    Estate inherit() {
        Map<String, Object> left = keeper == null ? null : keeper.apply(MODULE, null);
        return left == null ? new Estate() : new Estate(left);
    }
}
