package io.culvert.launcher;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;

/**
 * Lets a module that is exchanged leave to its successor what must not be closed in between: descriptors above all. The
 * launcher and the bundles share no classes, so that both services are of the JDK's types:
 *
 * <ul>
 *   <li>{@code culvert.keeper=true}, a {@code BiFunction<String, Map<String, Object>, Map<String, Object>>}: with a
 *       module's id and an estate it keeps the estate, with the id and null it gives the one that is kept, once, or null.
 *       Each {@code Integer} in an estate is a descriptor, and is closed when nobody asks for it for {@value
 *       #PATIENCE_S} s, or when the appliance ends. Other values are strings and byte arrays.
 *   <li>{@code culvert.turns=true}, a {@code Function<String, Semaphore>}: with a module's id it gives the permit that
 *       the acting version of the module holds. Whoever comes while another acts waits in the wings for it.
 * </ul>
 */
public final class Keeper implements BiFunction<String, @Nullable Map<String, Object>, @Nullable Map<String, Object>>, AutoCloseable {
    private static final int PATIENCE_S = 30;

    private final IntConsumer close;
    private final Duration patience;
    private final Map<String, Kept> kept = new HashMap<>();
    private final Map<String, Semaphore> turns = new ConcurrentHashMap<>();
    private @Nullable ScheduledExecutorService clock;
    private boolean closed;

    private record Kept(Map<String, Object> estate, ScheduledFuture<?> end) {}

    private Keeper() {
        this(Keeper::close, Duration.ofSeconds(PATIENCE_S));
    }

    /**
     * @param close ends a descriptor
     * @param patience how long an estate is kept
     */
    Keeper(IntConsumer close, Duration patience) {
        this.close = close;
        this.patience = patience;
    }

    /** Registers both services; closing the keeper closes what it keeps. */
    public static Keeper register(BundleContext framework) {
        var keeper = new Keeper();
        framework.registerService(BiFunction.class, keeper, marked("culvert.keeper"));
        Function<String, Semaphore> turns = keeper::turn;
        framework.registerService(Function.class, turns, marked("culvert.turns"));
        return keeper;
    }

    private static Dictionary<String, Object> marked(String property) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(property, "true");
        return properties;
    }

    Semaphore turn(String module) {
        return turns.computeIfAbsent(module, first -> new Semaphore(1, true));
    }

    @Override
    public synchronized @Nullable Map<String, Object> apply(String module, @Nullable Map<String, Object> estate) {
        Kept before = kept.remove(module);
        if (before != null) {
            before.end().cancel(false);
        }
        if (estate == null) {
            return before == null ? null : before.estate();
        }
        if (before != null) {
            close(before.estate());
        }
        if (closed) {
            close(estate);
        } else {
            kept.put(module, new Kept(estate, clock().schedule(
                    () -> expire(module, estate), patience.toMillis(), TimeUnit.MILLISECONDS)));
        }
        return null;
    }

    private ScheduledExecutorService clock() {
        ScheduledExecutorService running = clock;
        if (running == null) {
            running = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("culvert-keeper").factory());
            clock = running;
        }
        return running;
    }

    private synchronized void expire(String module, Map<String, Object> estate) {
        Kept now = kept.get(module);
        if (now != null && now.estate() == estate) {
            kept.remove(module);
            close(estate);
        }
    }

    private void close(Map<String, Object> estate) {
        estate.values().forEach(each -> {
            if (each instanceof Integer descriptor) {
                close.accept(descriptor);
            }
        });
    }

    /** Closes what nobody asked for. */
    @Override
    public synchronized void close() {
        closed = true;
        kept.values().forEach(each -> close(each.estate()));
        kept.clear();
        if (clock != null) {
            clock.shutdownNow();
        }
    }

    /** close(2), of which Linux says that the descriptor is gone whatever it answers. */
    private static void close(int descriptor) {
        Linker linker = Linker.nativeLinker();
        MethodHandle close = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        try {
            int ignored = (int) close.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException("close(2) cannot be called", e);
        }
    }
}
