package io.culvert.core.plug;

import com.sun.management.ThreadMXBean;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.KnownAnswers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which provider serves which cipher: the one the settings name, else the one that was measured to cost least, else the
 * first. A provider that gives a wrong answer to a known question serves nothing.
 *
 * <p>What a provider leaves to the garbage collector counts as time does, as every packet waits while it is collected. It
 * also keeps what is not compiled yet from losing to what the JDK has compiled for itself.
 *
 * <p>Threads: any. Asking never waits; {@link #measure} takes its time, and {@link #offer} waits for it to leave a
 * provider that is not offered any more.
 */
final class CipherChoice {
    private static final Logger LOG = LoggerFactory.getLogger(CipherChoice.class);

    /** One that is not faster than this share of the time of another is not worth moving to. */
    private static final double WORTHWHILE = 0.9;

    private static final int WARM_ROUNDS = 100;
    private static final int WARM_PACKETS = 100;
    private static final long WARM_NS = 400_000_000L;
    private static final int TEXT = 1400;
    private static final int AAD = 8;
    private static final int AT = AAD + DataCipher.TAG_BYTES;

    /** Over so many packets their garbage is counted: asking costs as much as a small packet. */
    private static final int COUNTED = 8;

    private final Map<DataCipher, String> wishes;
    private final LongSupplier nanoTime;
    private final Object measuring = new Object();

    /** In the order of rank. */
    private volatile List<CipherProvider> offered = List.of();

    private volatile Map<DataCipher, CipherProvider> chosen = Map.of();

    // ---- guarded by this

    private final Map<CipherProvider, Trial> trials = new IdentityHashMap<>();
    private final Set<String> missed = new HashSet<>();

    /** What is known of a provider. */
    private static final class Trial {
        final Set<DataCipher> correct = EnumSet.noneOf(DataCipher.class);
        final Map<DataCipher, Cost> cost = new EnumMap<>(DataCipher.class);
    }

    /**
     * Of a packet that is sealed and opened.
     *
     * @param garbage bytes; 0 where nothing was counted
     */
    private record Cost(long ns, long garbage) {
        /** A byte is worth a nanosecond: some times of what collecting it takes, for all packets wait for that. */
        long price() {
            return ns + garbage;
        }

        @Override
        public String toString() {
            return ns + " ns" + (garbage == 0 ? "" : " and " + garbage + " bytes of garbage");
        }
    }

    /**
     * @param wishes the provider that is to serve a cipher, by its name; another does while it is not there
     * @param nanoTime as {@link System#nanoTime}
     */
    CipherChoice(Map<DataCipher, String> wishes, LongSupplier nanoTime) {
        this.wishes = Map.copyOf(wishes);
        this.nanoTime = nanoTime;
    }

    Optional<CipherProvider> provider(DataCipher cipher) {
        return Optional.ofNullable(chosen.get(cipher));
    }

    List<DataCipher> ciphers() {
        return List.copyOf(chosen.keySet());
    }

    /** The providers there are, the first being preferred where nothing speaks for another. New ones are tested. */
    void offer(List<CipherProvider> providers) {
        synchronized (this) {
            offered = List.copyOf(providers);
            Map<String, Trial> left = new HashMap<>();
            trials.entrySet().removeIf(each -> providers.stream().noneMatch(other -> other == each.getKey())
                    && left.put(each.getKey().name(), each.getValue()) != each.getValue());
            for (CipherProvider each : providers) {
                trials.computeIfAbsent(each, CipherChoice::test);
                inherit(each, left);
            }
            choose();
        }
        synchronized (measuring) {
            // Nobody is in the code of those that went.
        }
    }

    /** Another version of a provider that just went is taken to be as fast, until it is measured. */
    private void inherit(CipherProvider provider, Map<String, Trial> left) {
        Trial known = trials.get(provider);
        Trial before = left.get(provider.name());
        if (known != null && before != null && known.cost.isEmpty()) {
            known.cost.putAll(before.cost);
            known.cost.keySet().retainAll(known.correct);
        }
    }

    private static Trial test(CipherProvider provider) {
        var trial = new Trial();
        for (DataCipher cipher : provider.ciphers()) {
            try {
                KnownAnswers.check(provider, cipher);
                trial.correct.add(cipher);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("core: {} of {} is not used, as it fails its self-test", name(cipher), provider.name(), e);
            }
        }
        return trial;
    }

    /**
     * Seals and opens with the provider on this thread, as long as that takes to have its code compiled, so that no packet
     * waits for it when keys move to it. Before it is offered.
     */
    void warmUp(CipherProvider provider) {
        long start = nanoTime.getAsLong();
        for (DataCipher cipher : chosen.keySet()) {
            if (!provider.ciphers().contains(cipher)) {
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment packet = arena.allocate(AT + TEXT);
                for (int round = 0; round < WARM_ROUNDS && nanoTime.getAsLong() - start < WARM_NS; round++) {
                    try (AeadKey key = provider.openKey(cipher, new byte[cipher.keyBytes()], 0)) {
                        for (int nonce = 1; nonce <= WARM_PACKETS; nonce++) {
                            key.seal(packet, nonce, 0, 0, AAD, AT, TEXT, AAD);
                            key.open(packet, nonce, 0, 0, AAD, AT, TEXT, AAD);
                        }
                    }
                }
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("core: could not warm up {} of {}", name(cipher), provider.name(), e);
            }
        }
    }

    // ---- measuring

    /** Whether there is anything to choose from. */
    boolean worthMeasuring() {
        return offered.size() > 1;
    }

    /**
     * Measures all providers, beside the packets.
     *
     * @param budgetNs for one provider, about
     * @return whether another provider serves a cipher now
     */
    boolean measure(long budgetNs) {
        List<CipherProvider> now = offered;
        for (DataCipher cipher : DataCipher.values()) {
            List<CipherProvider> rivals = rivals(now, cipher);
            if (rivals.size() > 1) {
                rivals.forEach(each -> measure(each, cipher, budgetNs / DataCipher.values().length));
            }
        }
        synchronized (this) {
            Map<DataCipher, CipherProvider> before = chosen;
            choose();
            return !before.equals(chosen);
        }
    }

    private void measure(CipherProvider provider, DataCipher cipher, long budgetNs) {
        synchronized (measuring) {
            long best = Long.MAX_VALUE;
            long least = Long.MAX_VALUE;
            if (!isOffered(provider)) {
                return;
            }
            try (Arena arena = Arena.ofConfined();
                    AeadKey key = provider.openKey(cipher, new byte[cipher.keyBytes()], 0)) {
                MemorySegment packet = arena.allocate(AT + TEXT);
                long start = nanoTime.getAsLong();
                long last = start;
                var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                long counted = thread.getCurrentThreadAllocatedBytes();
                // The shortest time: all that comes between, and code that is not compiled yet, only makes it longer.
                for (int nonce = 1; last - start < budgetNs && isOffered(provider); nonce++) {
                    key.seal(packet, nonce, 0, 0, AAD, AT, TEXT, AAD);
                    key.open(packet, nonce, 0, 0, AAD, AT, TEXT, AAD);
                    long end = nanoTime.getAsLong();
                    best = Math.min(best, end - last);
                    last = end;
                    if (nonce % COUNTED == 0) {
                        long allocated = thread.getCurrentThreadAllocatedBytes();
                        least = Math.min(least, allocated - counted);
                        counted = allocated;
                    }
                }
            } catch (RuntimeException e) {
                LOG.warn("core: could not measure {} of {}", name(cipher), provider.name(), e);
                return;
            }
            if (best != Long.MAX_VALUE) {
                measured(provider, cipher, new Cost(best, least == Long.MAX_VALUE ? 0 : least / COUNTED));
            }
        }
    }

    private synchronized void measured(CipherProvider provider, DataCipher cipher, Cost cost) {
        Trial trial = trials.get(provider);
        if (trial != null) {
            trial.cost.put(cipher, cost);
        }
    }

    /** Asked between the packets that are measured: an iterator would be garbage that is not the provider's. */
    private boolean isOffered(CipherProvider provider) {
        List<CipherProvider> now = offered;
        for (int i = 0; i < now.size(); i++) {
            if (now.get(i) == provider) {
                return true;
            }
        }
        return false;
    }

    private synchronized List<CipherProvider> rivals(List<CipherProvider> providers, DataCipher cipher) {
        return providers.stream()
                .filter(each -> trials.containsKey(each) && trials.get(each).correct.contains(cipher))
                .toList();
    }

    // ---- choosing, guarded by this

    private void choose() {
        Map<DataCipher, CipherProvider> next = new EnumMap<>(DataCipher.class);
        for (DataCipher cipher : DataCipher.values()) {
            List<CipherProvider> rivals = rivals(offered, cipher);
            if (!rivals.isEmpty()) {
                CipherProvider now = wished(cipher, rivals).orElseGet(() -> best(cipher, rivals));
                next.put(cipher, now);
                if (chosen.get(cipher) != now) {
                    LOG.info("core: {} is served by {}{}", name(cipher), now.name(), costs(cipher, rivals));
                }
            }
        }
        chosen = next;
    }

    private Optional<CipherProvider> wished(DataCipher cipher, List<CipherProvider> rivals) {
        String wish = wishes.get(cipher);
        if (wish == null) {
            return Optional.empty();
        }
        Optional<CipherProvider> found =
                rivals.stream().filter(each -> each.name().equals(wish)).findFirst();
        if (found.isPresent()) {
            missed.remove(name(cipher));
        } else if (missed.add(name(cipher))) {
            LOG.warn("core: {} is to be served by {}, which is not there: the best of the others does",
                    name(cipher), wish);
        }
        return found;
    }

    private CipherProvider best(DataCipher cipher, List<CipherProvider> rivals) {
        CipherProvider present = chosen.get(cipher);
        if (present != null && !rivals.contains(present)) {
            // Another version of the same, before any other.
            String name = present.name();
            present = rivals.stream().filter(each -> each.name().equals(name)).findFirst().orElse(null);
        }
        if (present == null) {
            present = rivals.stream()
                    .filter(each -> cost(each, cipher) != null)
                    .findFirst()
                    .orElse(rivals.getFirst());
        }
        CipherProvider best = present;
        Cost known = cost(present, cipher);
        if (known == null) {
            return present;
        }
        long least = known.price();
        double limit = least * WORTHWHILE;
        for (CipherProvider each : rivals) {
            Cost cost = cost(each, cipher);
            if (cost != null && cost.price() < limit && cost.price() < least) {
                best = each;
                least = cost.price();
            }
        }
        return best;
    }

    private @Nullable Cost cost(CipherProvider provider, DataCipher cipher) {
        Trial trial = trials.get(provider);
        return trial == null ? null : trial.cost.get(cipher);
    }

    private String costs(DataCipher cipher, List<CipherProvider> rivals) {
        List<String> known = new ArrayList<>();
        for (CipherProvider each : rivals) {
            Cost cost = cost(each, cipher);
            if (cost != null) {
                known.add(each.name() + " " + cost);
            }
        }
        return known.isEmpty() ? "" : " (" + String.join(", ", known) + " for a packet of " + TEXT + " bytes both ways)";
    }

    /**
     * By cipher: the provider, and for a packet both ways what each was measured to need, in {@code ns}, and the bytes of
     * {@code garbage} that it leaves if any.
     */
    synchronized Map<String, Object> status() {
        Map<String, Object> status = new LinkedHashMap<>();
        chosen.forEach((cipher, provider) -> {
            Map<String, Object> costs = new LinkedHashMap<>();
            Map<String, Object> garbage = new LinkedHashMap<>();
            for (CipherProvider each : rivals(offered, cipher)) {
                Cost cost = cost(each, cipher);
                if (cost != null) {
                    costs.put(each.name(), cost.ns());
                    if (cost.garbage() > 0) {
                        garbage.put(each.name(), cost.garbage());
                    }
                }
            }
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("provider", provider.name());
            if (!costs.isEmpty()) {
                row.put("ns", costs);
            }
            if (!garbage.isEmpty()) {
                row.put("garbage", garbage);
            }
            status.put(name(cipher), row);
        });
        return status;
    }

    /** {@code AES-256-GCM}. */
    static String name(DataCipher cipher) {
        return cipher.name().replace('_', '-');
    }
}
